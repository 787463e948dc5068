/** What a person sees of a reconciliation: how far it is, and a table of what differs. */
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { ShownDifference } from '../activities/reconciliation-records.ts';
import { formatAmount, isCurrency } from '../contracts/money.ts';
import {
  type Comparison,
  comparisons,
  type OpenReconciliationStage,
  type ReconciliationCounts,
  type ReconciliationRequest,
  type ReconciliationResult,
  type ReconciliationStatus,
} from '../contracts/reconciliation.ts';
import { closedReconciliationStatus, meaningOf, nextOfOpenReconciliation } from '../contracts/reconciliation-words.ts';
import { type Attention, searchAttributes } from '../contracts/search-attributes.ts';
import type { View } from './frame.ts';
import { businessNow } from './time.ts';

export class ReconciliationView implements View<ReconciliationResult> {
  readonly moneyMoved = 'none' as const;
  readonly #request: ReconciliationRequest;
  readonly #happened: string[] = [];
  #counts: ReconciliationCounts;
  #stage: OpenReconciliationStage = 'started';
  #attention: Attention = 'none';
  #comparing: Comparison | undefined;
  #shown: readonly ShownDifference[] = [];
  #end: ReconciliationResult | undefined;

  constructor(request: ReconciliationRequest, counts: ReconciliationCounts) {
    this.#request = request;
    this.#counts = counts;
    this.#show();
  }

  /** No upsert: it comes and goes, and an event costs as much as a page. */
  comparing(comparison: Comparison, counts: ReconciliationCounts): void {
    this.#stage = 'comparing';
    this.#comparing = comparison;
    this.#counts = counts;
    this.#show();
  }

  stand(stage: OpenReconciliationStage): void {
    this.#stage = stage;
    this.#comparing = undefined;
    this.#show();
  }

  found(shown: readonly ShownDifference[]): void {
    this.#shown = shown;
  }

  undoing(stoppedBy: string): void {
    this.#note(`stopped (${stoppedBy})`);
  }

  rest(step: string, why: string): void {
    this.#stage = 'in review';
    this.#attention = 'review';
    this.#upsert();
    this.#note(`step **${step}** waits for a person: \`${why}\``);
  }

  resume(step: string): void {
    this.#stage = 'comparing';
    this.#attention = 'none';
    this.#upsert();
    this.#note(`step **${step}** is resolved`);
  }

  end(result: ReconciliationResult): void {
    this.#end = result;
    this.#counts = result.compared;
    this.#upsert();
    this.#note(`ended: **${result.status}**`);
  }

  status(): ReconciliationStatus {
    if (this.#end) return closedReconciliationStatus(this.#end);
    return {
      stage: this.#stage,
      attention: this.#attention,
      moneyMoved: 'none',
      next: nextOfOpenReconciliation[this.#stage],
      counts: this.#counts,
    };
  }

  #upsert(): void {
    const { stage, attention } = this.status();
    upsertSearchAttributes([
      { key: searchAttributes.stage, value: stage },
      { key: searchAttributes.attention, value: attention },
    ]);
  }

  #note(happened: string): void {
    this.#happened.push(`\`${businessNow()}\` ${happened}`);
    this.#show();
  }

  #show(): void {
    const { tenantId, day } = this.#request;
    const { stage, next } = this.status();
    const at = (one: Comparison) => (one === this.#comparing ? ' (now)' : '');
    setCurrentDetails(
      [
        `**Reconciliation of ${day}**, tenant \`${tenantId}\``,
        '',
        '| Compared | |',
        '|---|---|',
        ...comparisons.map((one) => `| ${one}${at(one)} | ${this.#counts[one]} |`),
        `| workflows told | ${this.#counts.told} |`,
        `| Stage | **${stage}** |`,
        `| Next | ${next} |`,
        ...(this.#shown.length > 0 ? tableOf(this.#shown) : []),
        '',
        ...this.#happened.slice(-12).map((line) => `- ${line}`),
      ].join('\n'),
    );
  }
}

/** Details hold 4 kB. */
const shownInFull = 12;

function tableOf(shown: readonly ShownDifference[]): string[] {
  const rows = shown.slice(0, shownInFull).map(({ kind, objectId, amount, currency, state }) => {
    const money = amount !== undefined && currency !== undefined && isCurrency(currency) ? formatAmount(amount, currency) : ''; // prettier-ignore
    const id = objectId.length > 40 ? `${objectId.slice(0, 40)}…` : objectId;
    return `| ${kind}: ${meaningOf[kind]} | \`${id}\` | ${money} | ${state} |`;
  });
  return ['', '| Difference | Object | Amount | |', '|---|---|---|---|', ...rows];
}
