/** What a person sees of an event's cancellation: a table of where its purchases stand. */
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import {
  type CancellationReport,
  type EventCancellationRequest,
  type EventCancellationResult,
  type EventCancellationStatus,
  moneyMovedBy,
  type OpenCancellationStage,
} from '../contracts/event-cancellation.ts';
import { closedCancellationStatus, factsOf, nextOfOpenCancellation } from '../contracts/event-cancellation-words.ts';
import { searchAttributes, type Attention } from '../contracts/search-attributes.ts';
import type { View } from './frame.ts';
import { businessNow } from './time.ts';

interface Standing {
  stage: OpenCancellationStage;
  attention: Attention;
}

export class EventCancellationView implements View<EventCancellationResult> {
  readonly #request: EventCancellationRequest;
  readonly #happened: string[] = [];
  #report: CancellationReport;
  #standing: Standing = { stage: 'started', attention: 'none' };
  /** A step of its own that waits for a person. */
  #resting = false;
  #end: EventCancellationResult | undefined;

  constructor(request: EventCancellationRequest, report: CancellationReport) {
    this.#request = request;
    this.#report = report;
    this.#show();
  }

  /** Money moves in the refunds; this one only counts. */
  get moneyMoved() {
    return moneyMovedBy(this.#report);
  }

  get report(): CancellationReport {
    return this.#report;
  }

  note(happened: string): void {
    this.#happened.push(`\`${businessNow()}\` ${happened}`);
    this.#show();
  }

  /** Where its purchases stand now. Search attributes are written only when they change. */
  look(report: CancellationReport, paused: boolean): void {
    this.#report = report;
    this.#stand(paused);
    this.#show();
  }

  undoing(stoppedBy: string, due: readonly string[]): void {
    this.note(`stopped (${stoppedBy}); being undone: ${due.join(', ')}`);
  }

  rest(step: string, why: string): void {
    this.#resting = true;
    this.#upsert({ stage: 'in review', attention: 'review' });
    this.note(`step **${step}** waits for a person: \`${why}\``);
  }

  resume(step: string): void {
    this.#resting = false;
    this.note(`step **${step}** is resolved`);
  }

  end(result: EventCancellationResult): void {
    this.#end = result;
    if (result.status !== 'refused') this.#report = result.report;
    this.note(`ended: **${result.status}**`);
    const { stage, attention } = this.status();
    upsertSearchAttributes([
      { key: searchAttributes.stage, value: stage },
      { key: searchAttributes.attention, value: attention },
    ]);
  }

  status(): EventCancellationStatus {
    if (this.#end) return closedCancellationStatus(this.#end);
    const { stage } = this.#standing;
    return {
      ...this.#standing,
      moneyMoved: this.moneyMoved,
      next: nextOfOpenCancellation[stage],
      report: this.#report,
    };
  }

  #stand(paused: boolean): void {
    const { inReview, pending, notStarted, inFlight } = this.#report;
    const onlyReview = inReview > 0 && pending + notStarted + inFlight === 0;
    const stage = onlyReview || this.#resting ? 'in review' : paused ? 'paused' : 'refunding';
    const attention = inReview > 0 || this.#resting ? 'review' : 'none';
    if (stage !== this.#standing.stage || attention !== this.#standing.attention) this.#upsert({ stage, attention });
  }

  #upsert(standing: Standing): void {
    this.#standing = standing;
    upsertSearchAttributes([
      { key: searchAttributes.stage, value: standing.stage },
      { key: searchAttributes.attention, value: standing.attention },
    ]);
  }

  #show(): void {
    const { eventId, requestedBy } = this.#request;
    const { stage, next } = this.status();
    setCurrentDetails(
      [
        `**Cancellation of event ${eventId}**, asked for by \`${requestedBy}\``,
        '',
        '| | |',
        '|---|---|',
        ...factsOf(this.#report).map(([name, value]) => `| ${name} | ${value} |`),
        `| Stage | **${stage}** |`,
        `| Next | ${next} |`,
        '',
        ...this.#happened.slice(-12).map((line) => `- ${line}`),
      ].join('\n'),
    );
  }
}
