/** What a person sees of the monitor: queues, lanes, and what is wrong now. */
import { setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { headlineOf, viewPathOf } from '../contracts/alert-words.ts';
import type { TrackedIncident } from '../contracts/incidents.ts';
import type { LaneSample, MonitorSettings, QueueSample, Sample } from '../contracts/monitor.ts';
import { businessNow } from './time.ts';

/** The current details stay below 4 kB. */
const mostIncidents = 8;
const mostLines = 10;
const longestLine = 160;

interface Standing {
  settings: MonitorSettings;
  sample: Sample | undefined;
  open: readonly TrackedIncident[];
}

export class MonitorView {
  #happened: string[];

  constructor(happened: readonly string[]) {
    this.#happened = [...happened];
  }

  /** For the next run. */
  get happened(): string[] {
    return [...this.#happened];
  }

  /** What goes on happening is one line, with its last time. */
  note(what: string): void {
    const [line] = `${businessNow().slice(0, 19)}Z ${what}`.match(new RegExp(`^.{0,${longestLine}}`, 'u')) ?? [what];
    const again = this.#happened.at(-1)?.slice(21) === line.slice(21);
    this.#happened = [...(again ? this.#happened.slice(0, -1) : this.#happened), line].slice(-mostLines);
  }

  show({ settings, sample, open }: Standing): void {
    setCurrentDetails(
      [
        ...incidentLines(open),
        '',
        ...(sample ? sampleLines(sample) : ['Nothing has been seen yet.']),
        '',
        `Every ${settings.everySeconds} s. \`boxoffice monitor set\` or the update \`configure\` changes thresholds.`,
        '',
        ...this.#happened.map((line) => `- ${line}`),
      ].join('\n'),
    );
  }
}

function incidentLines(open: readonly TrackedIncident[]): string[] {
  if (open.length === 0) return ['**All is well.**'];
  const { namespace } = workflowInfo();
  const lines = open.slice(0, mostIncidents).map(({ incident, lastValue, acknowledged }) => {
    const now = { ...incident, value: lastValue };
    const who = acknowledged ? `, acknowledged by \`${acknowledged.by}\`` : '';
    return `- **${incident.severity}** [${headlineOf(now)}](${viewPathOf(now, namespace)}) since ${incident.openedAt.slice(0, 19)}Z${who}`;
  });
  const more = open.length - lines.length;
  return [`**${open.length} open**`, '', ...lines, ...(more > 0 ? [`- and ${more} more: \`boxoffice alerts\``] : [])];
}

const sampleLines = ({ at, queues, lanes, books, workflowProblems }: Sample): string[] => [
  `Seen at ${at.slice(0, 19)}Z${books ? '' : ', without the database'}; workflows whose code fails: ${workflowProblems}`,
  '',
  '| Queue | Waiting | Active | For a person | Completed | Failed | Oldest |',
  '|---|---|---|---|---|---|---|',
  ...queues.map(queueRow),
  '',
  '| Lane | Waiting | In flight | State |',
  '|---|---|---|---|',
  ...lanes.map(laneRow),
];

function queueRow({ queue, waiting, active, waitingForPerson, completed, failed, oldestSeconds }: QueueSample): string {
  const cells = [queue, waiting, active, waitingForPerson, completed, failed, `${Math.round(oldestSeconds)} s`];
  return `| ${cells.join(' | ')} |`;
}

function laneRow({ lane, waiting, inFlight, stoppedSince, blockedSince }: LaneSample): string {
  const stopped = stoppedSince ? [`stopped since ${stoppedSince.slice(0, 19)}Z`] : [];
  const blocked = blockedSince ? [`closed by the provider since ${blockedSince.slice(0, 19)}Z`] : [];
  return `| ${lane} | ${waiting} | ${inFlight} | ${[...stopped, ...blocked].join(', ') || 'open'} |`;
}
