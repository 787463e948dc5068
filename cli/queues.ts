/** `boxoffice queues`: backlog, workers and jobs as they are now, over the API. */
import type { Command } from 'commander';
import { createQueueCalls, type QueueCalls } from '../client/queues.ts';
import type { LaneAnswer } from '../contracts/lane-words.ts';
import {
  type Job,
  type JobFilter,
  type JobQueue,
  jobStatuses,
  type PausableQueue,
  type QueueView,
} from '../contracts/queue-views.ts';
import { allQueues, pausableQueues } from '../contracts/schema/queues.ts';
import { type TaskQueue, workflowQueues } from '../contracts/task-queues.ts';
import { adminAccess, tenantAccess } from './api-access.ts';
import { answerText } from './lanes.ts';
import { oneOf, wholeNumber } from './options.ts';
import type { Output } from './output.ts';
import { countText, facts, table } from './table.ts';
import { ageOf } from './times.ts';

const queueName = oneOf<TaskQueue>(allQueues);
const jobQueue = oneOf<JobQueue>(workflowQueues, " A lane's queue holds tasks, not jobs.");
const pausable = oneOf<PausableQueue>(pausableQueues, ' Temporal cannot hold back a queue of workflows.');

export function addQueues(program: Command, { env, print, fail }: Output): void {
  const queues = program.command('queues').description('task queues: look, and pause those of lanes; asks the API');
  const dir = () => program.opts<{ dir: string }>().dir;
  const calls = async (as?: string): Promise<QueueCalls> => createQueueCalls(await adminAccess(env, dir(), as));

  queues
    .command('list', { isDefault: true })
    .description('every task queue as it is now')
    .action(async () => {
      const found = await (await calls()).list();
      print(queuesText(found), { queues: found });
    });
  queues
    .command('show')
    .description('one of them, and which workers ask for its tasks')
    .argument('<queue>', `one of ${allQueues.join(', ')}`, queueName)
    .action(async (name: TaskQueue) => {
      const found = await (await calls()).get(name);
      print(queueText(found), found);
    });
  queues
    .command('jobs')
    .description("a tenant's jobs that Temporal remembers, the running ones first")
    .argument('<queue>', `one of ${workflowQueues.join(', ')}`, jobQueue)
    .option('--tenant <tenant>', "whose, in the sandbox; else the token's")
    .option('--status <status>', `one of ${jobStatuses.join(', ')}`)
    .option('--job-type <type>', 'e.g. payment-process or send-email')
    .option('--attention <whom>', 'that wait for: none, approval, review, customer or provider')
    .option('--limit <count>', 'at most this many, 1 to 200', wholeNumber, 50)
    .option('--cursor <cursor>', 'where the page before has ended')
    .action(async (name: JobQueue, { tenant, ...filter }: JobFilter & { tenant?: string }) => {
      const page = await createQueueCalls(await tenantAccess(env, dir(), tenant)).jobs(name, filter);
      print(jobsText(page.jobs, page.nextCursor), page);
    });

  for (const [action, description] of [
    ['pause', "as `lanes stop`: nothing of a lane's queue is handed out"],
    ['resume', 'as `lanes resume`'],
  ] as const)
    queues
      .command(action)
      .description(description)
      .argument('<queue>', `one of ${pausableQueues.join(', ')}`, pausable)
      .requiredOption('--reason <text>', 'why; it is kept with the change')
      .option('--as <id>', 'who does it, in the sandbox only (default: platform-admin)')
      .action(async (name: PausableQueue, { reason, as }: { reason: string; as?: string }) => {
        const answer: LaneAnswer = await (await calls(as))[action](name, reason);
        print(answerText(answer), answer);
        if (answer.next !== undefined) fail();
      });
}

const queuesText = (found: readonly QueueView[]) =>
  table(
    ['Queue', 'Waiting', 'Oldest', 'Active', 'For a person', 'Workers', 'State'],
    found.map(({ queue, waiting, oldestSeconds, active, waitingForPerson, workers, paused }) => [
      queue, String(waiting), ageOf(oldestSeconds), countText(active), countText(waitingForPerson),
      String(workers.length), paused ? 'paused' : '',
    ]), // prettier-ignore
  );

const queueText = ({ queue, waiting, oldestSeconds, active, waitingForPerson, workers, paused }: QueueView) =>
  [
    facts([
      ['Queue', queue],
      ['Waiting', String(waiting)],
      ['Oldest', ageOf(oldestSeconds)],
      ['Active', active === undefined ? undefined : String(active)],
      ['For a person', waitingForPerson === undefined ? undefined : String(waitingForPerson)],
      ['Paused', paused === undefined ? undefined : paused ? 'yes' : 'no'],
      ['Workers', workers.length === 0 ? 'none within the last minutes: nothing is done' : String(workers.length)],
    ]),
    ...workers.map(({ identity, lastSeenAt }) => `  ${identity}, last seen ${lastSeenAt}`),
  ].join('\n');

function jobsText(jobs: readonly Job[], nextCursor: string | undefined): string {
  if (jobs.length === 0) return 'No job matches.';
  const rows = jobs.map((job) => [
    job.workflowId, job.jobType, job.status, job.stage ?? '', job.attention === 'none' ? '' : (job.attention ?? ''),
    job.startedAt, job.closedAt ?? '',
  ]); // prettier-ignore
  const listed = table(['Workflow', 'Job', 'Status', 'Stage', 'Waits for', 'Started', 'Ended'], rows);
  return nextCursor === undefined ? listed : `${listed}\nMore: --cursor ${nextCursor}`;
}
