/** Whether a part that a process needs can be reached, for its health probes. */
import { within } from './within.ts';

export type CheckState = 'ok' | 'unreachable';

const checkMs = 2_000;

/** A part that does not answer in two seconds is as good as away. */
const stateOf = async (check: () => Promise<unknown>): Promise<CheckState> =>
  within(checkMs, check()).then(
    () => 'ok',
    () => 'unreachable',
  );

export async function statesOf(
  checks: Readonly<Record<string, () => Promise<unknown>>>,
): Promise<Record<string, CheckState>> {
  const entries = Object.entries(checks).map(async ([name, check]) => [name, await stateOf(check)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
