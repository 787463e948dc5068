/** Whether a part that a process needs can be reached, for its health probes. */

export type CheckState = 'ok' | 'unreachable';

const checkMs = 2_000;

/** A part that does not answer in two seconds is as good as away. */
async function stateOf(check: () => Promise<unknown>): Promise<CheckState> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<CheckState>((resolve) => {
    timer = setTimeout(resolve, checkMs, 'unreachable');
  });
  const state = check().then(
    (): CheckState => 'ok',
    (): CheckState => 'unreachable',
  );
  return Promise.race([state, late]).finally(() => clearTimeout(timer));
}

export async function statesOf(
  checks: Readonly<Record<string, () => Promise<unknown>>>,
): Promise<Record<string, CheckState>> {
  const entries = Object.entries(checks).map(async ([name, check]) => [name, await stateOf(check)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
