/** Twins of what a reconciliation calls, over the worlds of workflow-twins.ts. */
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { ComparedPage, ReconciliationActivities } from '../../activities/reconciliation.ts';
import type { ReconciliationChainActivities } from '../../activities/reconciliation-chain.ts';
import type { ReconciliationRecordActivities, ShownDifference } from '../../activities/reconciliation-records.ts';
import { reconciliationStart } from '../../client/reconciliation.ts';
import { workflowTypes } from '../../contracts/messages.ts';
import type { Comparison, ReconciliationInput, ReconciliationResult } from '../../contracts/reconciliation.ts';
import type { Twin, Twins } from './workflow-twins.ts';

/** What a reconciliation meets. */
export interface DayOutside {
  /** Pages of a comparison; one unless given. */
  pages: Partial<Record<Comparison, number>>;
  /** What differs. */
  shown: ShownDifference[];
  /** Of it, what has a remedy; told once the workflow has said so. */
  curable: number;
  told: boolean;
  /** Looks after which a healed one is gone. */
  healsAfter: number;
}

const outsides = new WeakMap<Twin, DayOutside>();

export function dayOf(twin: Twin): DayOutside {
  const known = outsides.get(twin);
  if (known) return known;
  const fresh: DayOutside = { pages: {}, shown: [], curable: 0, told: false, healsAfter: 1 };
  outsides.set(twin, fresh);
  return fresh;
}

function page({ pages }: DayOutside, comparison: Comparison, row = 0): ComparedPage {
  const judged = { compared: 2, found: 0, told: 0 };
  return row + 1 < (pages[comparison] ?? 1) ? { ...judged, cursor: { row: row + 1 } } : judged;
}

export const createReconciliationTwins = (twins: Twins): ReconciliationActivities => ({
  compareProvider: (input) => {
    const twin = twins.current;
    return twin.perform('compareProvider', input, () => page(dayOf(twin), input.comparison, input.cursor?.row));
  },
  lookAgainAtProvider: (input) => {
    const twin = twins.current;
    return twin.perform('lookAgainAtProvider', input, () => {
      const day = dayOf(twin);
      if (input.which === 'others') return { found: 0 };
      day.healsAfter -= 1;
      return { found: day.healsAfter > 0 ? day.curable : 0 };
    });
  },
});

export const createReconciliationChainTwins = (twins: Twins): ReconciliationChainActivities => ({
  compareChain: (input) => {
    const twin = twins.current;
    return twin.perform('compareChain', input, () => page(dayOf(twin), input.comparison, input.cursor?.row));
  },
  lookAgainAtChain: (input) => twins.current.perform('lookAgainAtChain', input, () => ({ found: 0 })),
});

export const createReconciliationRecordTwins = (twins: Twins): ReconciliationRecordActivities => ({
  beginReconciliation: (input) => {
    const twin = twins.current;
    return twin.perform('beginReconciliation', input, () => void (twin.claim.owned = true));
  },
  compareLedger: (input) => {
    const twin = twins.current;
    return twin.perform('compareLedger', input, () => page(dayOf(twin), 'ledger'));
  },
  healDifferences: (input) => {
    const twin = twins.current;
    return twin.perform('healDifferences', input, () => {
      const day = dayOf(twin);
      day.told = day.curable > 0;
      return { healed: day.curable };
    });
  },
  endReconciliation: (input) => {
    const twin = twins.current;
    return twin.perform('endReconciliation', input, () => {
      const { shown, curable, told, healsAfter } = dayOf(twin);
      const healed = told ? curable : 0;
      const open = shown.length - (healsAfter <= 0 ? healed : 0);
      const status = input.cancelled ? 'cancelled' : shown.length > 0 ? 'differs' : 'clean';
      return { status, differences: shown.length, healed, open, shown };
    });
  },
});

export interface StartedReconciliation {
  handle: WorkflowHandle<(input: ReconciliationInput) => Promise<ReconciliationResult>>;
  twin: Twin;
}

let tenants = 0;

/** `plan` sets the day up before anything can look at it. */
export async function startReconciliation(
  world: { client: Client; twinOf: (workflowId: string) => Twin },
  plan: (day: DayOutside, twin: Twin) => void = () => undefined,
): Promise<StartedReconciliation> {
  tenants += 1;
  const { args, ...start } = reconciliationStart({ tenantId: `tenant-${tenants}`, day: '2027-01-31' });
  const twin = world.twinOf(start.workflowId);
  plan(dayOf(twin), twin);
  const handle = await world.client.workflow.start<(input: ReconciliationInput) => Promise<ReconciliationResult>>(
    workflowTypes.reconciliation,
    { ...start, args: [...args] },
  );
  return { handle, twin };
}
