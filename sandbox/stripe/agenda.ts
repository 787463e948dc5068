/** What is to happen by the simulator's clock: each entry once, the earliest first. */
export class Agenda {
  #entries: { at: number; run: () => void }[] = [];

  /** `at` in seconds of the simulator's clock. `run` looks itself whether there is still something to do. */
  add(at: number, run: () => void): void {
    this.#entries.push({ at, run });
  }

  /** Also what is added meanwhile and already due: a clock that jumps by weeks leaves nothing out. */
  runDue(now: number): void {
    for (;;) {
      const [next] = this.#entries.filter(({ at }) => at <= now).toSorted((left, right) => left.at - right.at);
      if (!next) return;
      this.#entries.splice(this.#entries.indexOf(next), 1);
      next.run();
    }
  }
}
