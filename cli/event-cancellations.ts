/** `boxoffice events …` */
import type { Command } from 'commander';
import { closedCancellationStatus, type EventCancellationHandle, StillRunningError } from '../client/index.ts';
import type { EventCancellationStatus } from '../contracts/event-cancellation.ts';
import { factsOf } from '../contracts/event-cancellation-words.ts';
import { wholeNumber } from './options.ts';
import type { Session } from './session.ts';
import { standing } from './standing.ts';

const defaultWaitSeconds = 30;
/** Between two lines of progress. Milliseconds. */
const lineMs = 2_000;

interface SaidBy {
  reason: string;
  actor: string;
}
interface CancelOptions extends SaidBy {
  keepTickets?: boolean;
  inFlight?: number;
  wait: number;
}

const said = (target: Command) =>
  target
    .requiredOption('--reason <text>', 'why; it is kept')
    .option('--actor <id>', 'who asks, an opaque id', 'operator');

export function addEventCancellations(program: Command, open: () => Session): void {
  const events = program.command('events').description('cancel an event: close its sales, give everything back');
  const command = (name: string, description: string) =>
    events
      .command(name)
      .description(description)
      .argument('<tenant>', 'the tenant, e.g. acme')
      .argument('<event>', 'the event id');
  said(command('cancel', 'close its sales for good and refund every purchase; again, it shows how far that is'))
    .option('--keep-tickets', 'burn no tickets')
    .option('--in-flight <count>', 'how many refunds may be under way at once (50)', wholeNumber)
    .option('--wait <seconds>', 'how long to show progress', wholeNumber, defaultWaitSeconds)
    .action((tenant: string, event: string, options: CancelOptions) => cancel(open(), tenant, event, options));
  command('show', 'how far the cancellation is').action(async (tenant: string, event: string) => {
    const session = open();
    const handle = session.boxoffice.eventCancellations.get(tenant, event);
    print(session, handle, await handle.status());
  });
  for (const [name, description] of [
    ['pause', 'start no further refund until resume'],
    ['resume', 'go on starting refunds'],
  ] as const)
    said(command(name, description)).action(async (tenant: string, event: string, options: SaidBy) => {
      const session = open();
      const handle = session.boxoffice.eventCancellations.get(tenant, event);
      print(session, handle, await handle[name]({ actor: options.actor, reason: options.reason }));
    });
  said(command('stop', 'start no further refund, ever; sales stay closed')).action(
    async (tenant: string, event: string, options: SaidBy) => {
      const session = open();
      const handle = session.boxoffice.eventCancellations.get(tenant, event);
      const result = await handle.cancel({ actor: options.actor, reason: options.reason });
      print(session, handle, closedCancellationStatus(result));
      if (result.status !== 'cancelled') session.fail();
    },
  );
}

async function cancel(session: Session, tenantId: string, eventId: string, options: CancelOptions): Promise<void> {
  const { reason, actor, keepTickets, inFlight, wait } = options;
  const handle = await session.boxoffice.eventCancellations.start({
    tenantId,
    eventId,
    reason,
    requestedBy: actor,
    ...(keepTickets ? { tickets: 'keep' as const } : {}),
    ...(inFlight === undefined ? {} : { inFlight }),
  });
  const status = await followed(session, handle, Date.now() + wait * 1_000);
  print(session, handle, status);
  const { result } = status;
  if (result && (result.status !== 'completed' || result.report.failed > 0)) session.fail();
}

/** A line whenever something has changed, until the end or `until`. Epoch milliseconds. */
async function followed(
  session: Session,
  handle: EventCancellationHandle,
  until: number,
): Promise<EventCancellationStatus> {
  let said = '';
  for (;;) {
    const left = until - Date.now();
    const end = await handle
      .result({ deadlineMs: Math.max(1, Math.min(lineMs, left)) })
      .then(closedCancellationStatus, (error: unknown) =>
        error instanceof StillRunningError ? undefined : Promise.reject(error as Error),
      );
    if (end) return end;
    const status = await handle.status();
    if (status.result || Date.now() >= until) return status;
    const line = lineOf(status);
    if (line !== said) session.progress(line);
    said = line;
  }
}

const lineOf = ({ stage, report }: EventCancellationStatus) =>
  [stage, ...(report ? factsOf(report).map(([name, value]) => `${name.toLowerCase()} ${value}`) : [])].join(' · ');

function print(session: Session, { eventId, workflowId }: EventCancellationHandle, status: EventCancellationStatus) {
  const text = standing(session, 'Cancellation', workflowId, status, status.report ? factsOf(status.report) : []);
  session.print(text, { id: eventId, workflowId, ...status });
}
