import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  isCancellation,
  makeContinueAsNewFunc,
  ParentClosePolicy,
  setHandler,
  startChild,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import { nothingObserved, observe, type RuleMemory } from '../contracts/alert-memory.ts';
import { findingsOf, findingsWithoutSample, unknownWithout } from '../contracts/alert-rules.ts';
import { headlineOf } from '../contracts/alert-words.ts';
import type { AlertNotice } from '../contracts/alerts.ts';
import { failureTypes } from '../contracts/failures.ts';
import { alertWorkflowId, platform } from '../contracts/ids.ts';
import {
  advance,
  type IncidentMemory,
  noIncidents,
  noticed,
  noticesDue,
  rowsOf,
  type Turn,
  written,
} from '../contracts/incidents.ts';
import { configureSignal, configureUpdate, monitorStatusQuery, workflowTypes } from '../contracts/messages.ts';
import type { ConfigureRequest, MonitorSettings, MonitorStatus, Sample } from '../contracts/monitor.ts';
import type { MonitorInput } from '../contracts/monitor-course.ts';
import { type Overrides, overridesAfter, settingsUnder } from '../contracts/monitor-settings.ts';
import { searchAttributes } from '../contracts/search-attributes.ts';
import { refuseUnlessConfigure } from './message-rules.ts';
import { MonitorView } from './monitor-view.ts';
import { monitorRecords, samples } from './proxies.ts';
import { shielded } from './shielded.ts';
import { businessNow, epochNow } from './time.ts';

/**
 * Looks at every queue and lane again and again, and tells people what is wrong. What it knows is in itself: alerts leave
 * while the database is away. It never ends; whoever cancels or terminates it finds it started anew by the next worker.
 */
export function monitor(input: MonitorInput = {}): Promise<never> {
  return new Monitor(input).run();
}

/** Rounds of one run: ten minutes as a rule, in some hundred events. */
const roundsPerRun = 20;

const goOn = makeContinueAsNewFunc<typeof monitor>();

class Monitor {
  #rules: RuleMemory;
  #incidents: IncidentMemory;
  #overrides: Overrides;
  #sample: Sample | undefined;
  readonly #view: MonitorView;
  /** One change of the settings after the other. */
  #changes: Promise<unknown> = Promise.resolve();

  constructor({ course }: MonitorInput) {
    this.#rules = course?.rules ?? nothingObserved;
    this.#incidents = course?.incidents ?? noIncidents;
    this.#overrides = course?.overrides ?? {};
    this.#sample = course?.sample;
    this.#view = new MonitorView(course?.happened ?? []);
    setHandler(monitorStatusQuery, () => this.#status(), { description: 'Settings, open incidents, the last sample' });
    setHandler(configureUpdate, (request) => this.#configure(request), {
      validator: refuseUnlessConfigure,
      description: 'Send {"actor": "…", "reason": "…", "settings": {"moneyDepth": 80}}; null takes a setting back',
    });
    setHandler(configureSignal, (request) => this.#hear(request));
    this.#show();
  }

  async run(): Promise<never> {
    for (let rounds = 1; ; rounds += 1) {
      const begun = epochNow();
      await this.#round();
      await this.#rest(begun);
      if (rounds >= roundsPerRun || workflowInfo().continueAsNewSuggested) await this.#continue();
    }
  }

  get #settings(): MonitorSettings {
    return settingsUnder(this.#overrides, this.#sample?.configured);
  }

  async #round(): Promise<void> {
    const sample = await this.#look();
    const now = businessNow();
    if (sample) {
      this.#sample = sample;
      this.#rules = observe(this.#rules, sample, this.#settings);
    }
    const turn = advance(this.#incidents, {
      findings: sample
        ? findingsOf(this.#rules, sample, this.#settings)
        : findingsWithoutSample(this.#rules, now, this.#settings),
      unknown: unknownWithout(sample),
      settings: this.#settings,
      now,
    });
    this.#incidents = turn.memory;
    this.#note(turn);
    this.#show();
    await this.#write(sample, now);
    await this.#tell();
    this.#show();
  }

  /** Undefined where Temporal does not answer: the next round looks again. */
  #look(): Promise<Sample | undefined> {
    const { moneyAgeMinutes } = this.#settings;
    const cursor = this.#sample?.cursor;
    return this.#unlessAway('Temporal did not answer, and nothing was seen', () =>
      samples.takeSample({ moneyAgeMinutes, ...(cursor ? { cursor } : {}) }),
    );
  }

  /** What the database does not take is written by a later round; but for the sample, whose gap says that nobody knew. */
  async #write(sample: Sample | undefined, now: string): Promise<void> {
    const incidents = rowsOf(this.#incidents);
    const [stored] = await Promise.all([
      this.#unlessAway('the database did not take the incidents; a later round writes them', () =>
        monitorRecords.syncIncidents({ incidents, now }),
      ),
      sample && this.#unlessAway('the database did not take the sample', () => monitorRecords.recordSample(sample)),
    ]);
    if (stored) this.#incidents = written(this.#incidents, stored, now);
  }

  async #tell(): Promise<void> {
    const now = businessNow();
    const due = noticesDue(this.#incidents, this.#settings, now);
    const given = await Promise.all(
      due.map((notice) => this.#unlessAway('Temporal did not start an alert; the next round does', () => give(notice))),
    );
    for (const [index, notice] of due.entries())
      if (given[index]) this.#incidents = noticed(this.#incidents, notice, now);
  }

  /** Whatever fails is tried again by a later round: this one goes on, unless somebody has cancelled the monitor. */
  async #unlessAway<T>(what: string, run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await run();
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.#view.note(what);
      return undefined;
    }
  }

  #note({ opened, reopened, ended }: Turn): void {
    for (const { incident } of opened) this.#view.note(headlineOf(incident));
    for (const { incident } of reopened) this.#view.note(`again: ${headlineOf(incident)}`);
    for (const { incident } of ended) this.#view.note(`over: ${headlineOf(incident)}`);
  }

  /** Until the next round is due; a changed interval holds at once. */
  async #rest(begun: number): Promise<void> {
    for (;;) {
      const { everySeconds } = this.#settings;
      const left = begun + everySeconds * 1_000 - epochNow();
      if (left <= 0) return;
      await condition(() => this.#settings.everySeconds !== everySeconds, left);
    }
  }

  async #continue(): Promise<never> {
    await condition(allHandlersFinished);
    const course = {
      rules: this.#rules,
      incidents: this.#incidents,
      overrides: this.#overrides,
      ...(this.#sample ? { sample: this.#sample } : {}),
      happened: this.#view.happened,
    };
    return goOn({ course });
  }

  #status(): MonitorStatus {
    return {
      settings: this.#settings,
      overrides: this.#overrides,
      incidents: this.#incidents.open.map(({ incident }) => incident),
      ...(this.#sample ? { sample: this.#sample } : {}),
    };
  }

  #show(): void {
    this.#view.show({ settings: this.#settings, sample: this.#sample, open: this.#incidents.open });
  }

  /** Holds once it is recorded who wanted it, and not before. */
  #configure(request: ConfigureRequest): Promise<MonitorStatus> {
    const change = this.#changes.then(() => shielded(() => this.#change(request)));
    this.#changes = change.catch(() => undefined);
    return change;
  }

  async #change(request: ConfigureRequest): Promise<MonitorStatus> {
    const overrides = overridesAfter(this.#overrides, request.settings);
    try {
      await monitorRecords.recordMonitorChange({ changeId: uuid4(), request, overrides, now: businessNow() });
    } catch (error) {
      throw ApplicationFailure.create({
        type: failureTypes.notRecorded,
        message: 'nothing was changed: it could not be recorded, because the database does not answer; send it again',
        cause: error instanceof Error ? error : undefined,
        nonRetryable: true,
      });
    }
    this.#overrides = overrides;
    this.#view.note(`configured by \`${request.actor}\`: ${JSON.stringify(request.settings)}: ${request.reason}`);
    this.#show();
    return this.#status();
  }

  /** A signal cannot be refused: what is wrong with it shows, and changes nothing. */
  async #hear(request: ConfigureRequest): Promise<void> {
    try {
      refuseUnlessConfigure(request);
      await this.#configure(request);
    } catch (error) {
      this.#view.note(`a signal changed nothing: ${error instanceof Error ? error.message : 'it is no request'}`);
      this.#show();
    }
  }
}

/** True once the notice is on its way: nobody has to wait for it, and a second time it is the same one. */
async function give(notice: AlertNotice): Promise<true> {
  try {
    await startChild(workflowTypes.alert, {
      args: [notice],
      workflowId: alertWorkflowId(notice.incident.alertId, notice.number),
      taskQueue: 'monitoring',
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      typedSearchAttributes: [
        { key: searchAttributes.tenant, value: platform },
        { key: searchAttributes.stage, value: 'started' },
        { key: searchAttributes.attention, value: 'none' },
      ],
      staticSummary: `${notice.incident.severity}, ${notice.kind}: ${headlineOf(notice.incident)}`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  return true;
}
