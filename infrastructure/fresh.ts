/** However many want to know, `ask` is asked no more often than every so many milliseconds. `now` in milliseconds. */
export function keptFresh<T>(ask: () => Promise<T>, milliseconds: number, now: () => number): () => Promise<T> {
  let last: { at: number; answer: Promise<T> } | undefined;
  return () => {
    if (last === undefined || now() - last.at >= milliseconds) last = { at: now(), answer: ask() };
    return last.answer;
  };
}
