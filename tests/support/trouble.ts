/** Trouble on the way between a worker and what it talks to: which message meets what, and who waits at it. */

/** `refuse`: nothing is done. `lose`: it is done, and the answer never comes. `hold`: it is done, the answer waits. */
export type TroubleKind = 'refuse' | 'lose' | 'hold';

export interface TroubleSpec {
  kind: TroubleKind;
  /** All of them stand in the message. */
  texts: readonly string[];
  /** How many messages meet it; 1 unless given. */
  times?: number;
}

/** Who has met a `hold`, and lets it go. */
export interface Standing {
  /** Resolves when a message is done and its answer is being held. */
  reached(): Promise<void>;
  /** Lets the answer go; whatever comes afterwards is not held any more. */
  release(): Promise<void>;
  /** Whether as many messages have met it as were to. */
  spent(): boolean;
}

/** What one message meets. */
export interface Met {
  kind: TroubleKind;
  /** To be called when a held message is done. Resolves when its answer may go. */
  held(): Promise<void>;
}

interface Open {
  spec: TroubleSpec;
  left: number;
  met: Met;
}

/** Something that happens once. */
class Moment {
  come: () => void = () => undefined;
  readonly came = new Promise<void>((resolve) => (this.come = resolve));
}

export class Troubles {
  readonly #open: Open[] = [];

  add(spec: TroubleSpec): Standing {
    const [reached, released] = [new Moment(), new Moment()];
    const held = () => {
      reached.come();
      return released.came;
    };
    const open = { spec, left: spec.times ?? 1, met: { kind: spec.kind, held } };
    this.#open.push(open);
    return {
      reached: () => reached.came,
      release: async () => {
        open.left = 0;
        released.come();
      },
      spent: () => open.left === 0,
    };
  }

  /** What this message meets, if anything; the first that fits. */
  take(message: string): Met | undefined {
    const open = this.#open.find(({ left, spec }) => left > 0 && spec.texts.every((text) => message.includes(text)));
    if (open) open.left -= 1;
    return open?.met;
  }
}
