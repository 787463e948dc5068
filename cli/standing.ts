import type { Session } from './session.ts';
import { facts } from './table.ts';

/** Where something stands, for people: `own` is what only its kind has. */
export function standing(
  session: Session,
  noun: string,
  workflowId: string,
  status: { stage: string; attention: string; moneyMoved: string; next: string },
  own: readonly (readonly [string, string | undefined])[],
): string {
  return facts([
    [noun, workflowId],
    ['Stage', status.stage],
    ['Waits for', status.attention === 'none' ? undefined : status.attention],
    ['Money', status.moneyMoved],
    ...own,
    ['Next', status.next],
    ['Web UI', session.linkTo(workflowId)],
  ]);
}
