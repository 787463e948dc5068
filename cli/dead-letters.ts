/** `boxoffice dead-letters`: what waits for a person or was given up, over the API, which knows who decides. */
import { type Command, InvalidArgumentError } from 'commander';
import { createDeadLetterCalls, type DeadLetterBatchView } from '../client/dead-letters.ts';
import type { DeadLetterCalls } from '../client/index.ts';
import { factsOf } from '../contracts/dead-letter-words.ts';
import { type DeadLetterFilter, type DeadLetterWish, largestBatch } from '../contracts/dead-letters.ts';
import type { Resolution } from '../contracts/decisions.ts';
import { deciderAccess } from './api-access.ts';
import { batchText, detailsText, groupsText, lettersText, statisticsText } from './dead-letters-text.ts';
import { resolutionChoices } from './decide.ts';
import { wholeNumber } from './options.ts';
import type { Output } from './output.ts';
import { UsageError } from './settings.ts';
import { facts } from './table.ts';

interface Whose {
  tenant?: string | undefined;
}
interface Who extends Whose {
  as?: string;
}
interface ListOptions extends DeadLetterWish, Whose {
  limit: number;
  cursor?: string;
}
interface ManyOptions extends DeadLetterFilter, Who {
  key: string;
  reason: string;
  all?: boolean;
  dryRun?: boolean;
  wait: number;
}

const choiceList = Object.keys(resolutionChoices).join(', ');
const defaultWaitSeconds = 30;
/** Between two looks at a batch. Milliseconds. */
const lookMs = 1_000;

function resolution(text: string): Resolution {
  const found = Object.hasOwn(resolutionChoices, text) ? resolutionChoices[text] : undefined;
  if (!found) throw new InvalidArgumentError(`It has to be one of ${choiceList}.`);
  return found;
}

function state(text: string): DeadLetterWish['state'] {
  if (text === 'open' || text === 'closed' || text === 'all') return text;
  throw new InvalidArgumentError('It has to be open, closed or all.');
}

const filtered = (command: Command) =>
  command
    .option('--queue <name>', 'of one queue, e.g. money')
    .option('--job-type <name>', 'of one kind of work, e.g. payment-process')
    .option('--error <code>', 'with this error')
    .option('--since <time>', 'since a day or time, e.g. 2027-01-31');

export function addDeadLetters(program: Command, output: Output): void {
  const { env, print, out } = output;
  const letters = program
    .command('dead-letters')
    .description('what waits for a person or was given up: look, close, resolve; asks the API');
  const calls = async (who: Who): Promise<DeadLetterCalls> =>
    createDeadLetterCalls(await deciderAccess(env, program.opts<{ dir: string }>().dir, who));
  const command = (name: string, description: string) =>
    letters
      .command(name)
      .description(description)
      .option('--tenant <id>', 'whose, in the sandbox only: elsewhere the token says it');
  const deciding = (name: string, description: string) =>
    command(name, description).option('--as <id>', 'who does it, in the sandbox only (default: TENANT-approver)');
  const stated = (target: Command) => filtered(target).option('--state <state>', 'open, closed or all (open)', state);

  stated(command('list', 'letters, newest first'))
    .option('--limit <count>', 'how many', wholeNumber, 50)
    .option('--cursor <cursor>', 'where the page before ended')
    .action(async ({ tenant, limit, ...wish }: ListOptions) => {
      const page = await (await calls({ tenant })).list({ ...wish, limit });
      print(lettersText(page), page);
    });
  command('show', 'one letter, and what it can be told now')
    .argument('<id>', 'its number')
    .action(async (id: string, options: Who) => {
      const letter = await (await calls(options)).get(id);
      print(detailsText(letter), letter);
    });
  stated(command('groups', 'letters that say the same, the most first')).action(
    async ({ tenant, ...wish }: DeadLetterWish & Whose) => {
      const groups = await (await calls({ tenant })).groups(wish);
      print(groupsText(groups), { groups });
    },
  );
  command('stats', 'open letters, and how many came and were resolved each day')
    .option('--days <count>', 'how many days, 90 at most', wholeNumber, 14)
    .action(async ({ days, ...options }: Who & { days: number }) => {
      const statistics = await (await calls(options)).statistics(days);
      print(statisticsText(statistics), statistics);
    });
  stated(command('export', 'all that fit, oldest first: CSV, or with --json one object a line')).action(
    async ({ tenant, ...wish }: DeadLetterWish & Whose) => {
      const format = program.opts<{ json?: boolean }>().json ? 'jsonl' : 'csv';
      for await (const line of linesOf((await calls({ tenant })).export(format, wish))) out(line);
    },
  );
  deciding('close', 'nobody is needed any more; not while its workflow runs')
    .argument('<id>', 'its number')
    .requiredOption('--reason <text>', 'why; it is kept with the letter')
    .action(async (id: string, { reason, ...options }: Who & { reason: string }) => {
      const letter = await (await calls(options)).close(id, reason);
      print(detailsText(letter), letter);
    });
  deciding('resolve', 'decide about what waits; retry sends a message again that was given up')
    .argument('<id>', 'its number')
    .argument('<decision>', `one of ${choiceList}`, resolution)
    .requiredOption('--reason <text>', 'what it rests on; it is kept with the decision')
    .action(async (id: string, decision: Resolution, { reason, ...options }: Who & { reason: string }) => {
      const answer = await (await calls(options)).resolve(id, decision, reason);
      const { workflowId, step, taken } = answer;
      print(facts([['Workflow', workflowId], ['Step', step], ['Taken', taken]]), answer); // prettier-ignore
    });
  filtered(
    deciding('resolve-many', `the same decision about up to ${largestBatch}: by number, or all open ones that fit`),
  )
    .argument('<decision>', `one of ${choiceList}`, resolution)
    .argument('[id...]', 'their numbers; else those that fit the options')
    .requiredOption('--key <id>', 'one for each decision about many: the same again joins it')
    .requiredOption('--reason <text>', 'what it rests on; it is kept with each decision')
    .option('--all', 'all that are open, where no other option says which')
    .option('--dry-run', 'say what would happen to each, and send nothing')
    .option('--wait <seconds>', 'how long to show progress', wholeNumber, defaultWaitSeconds)
    .action(async (decision: Resolution, ids: string[], options: ManyOptions) =>
      resolveMany(await calls(options), { decision, ids, options }, output),
    );
  command('batch', 'how far a decision about many is')
    .argument('<key>', 'its key')
    .action(async (key: string, options: Who) => {
      const batch = await (await calls(options)).batch(key);
      print(batchText(batch), batch);
    });
  deciding('stop', 'stop a decision about many before the next ones; what was sent stands')
    .argument('<key>', 'its key')
    .requiredOption('--reason <text>', 'why; it is kept')
    .action(async (key: string, { reason, ...options }: Who & { reason: string }) => {
      const batch = await (await calls(options)).cancelBatch(key, reason);
      print(batchText(batch), batch);
    });
}

interface Many {
  decision: Resolution;
  ids: string[];
  options: ManyOptions;
}

async function resolveMany(calls: DeadLetterCalls, { decision, ids, options }: Many, output: Output): Promise<void> {
  const { key: batchKey, reason: evidence, all, dryRun, wait, tenant: _, as: __, ...filter } = options;
  const filters = Object.keys(filter).length;
  if ([ids.length > 0, filters > 0, all === true].filter(Boolean).length !== 1)
    throw new UsageError('say which: numbers, or --queue, --job-type, --error, --since, or --all');
  const asked = await calls.resolveMany({
    batchKey,
    decision,
    evidence,
    ...(ids.length > 0 ? { ids } : { filter }),
    ...(dryRun ? { dryRun } : {}),
  });
  const batch = await followed(calls, asked, { until: Date.now() + wait * 1_000, say: output.err });
  output.print(batchText(batch), batch);
  const { result } = batch;
  if (!result || result.status !== 'completed' || result.report.refused + result.report.unanswered > 0) output.fail();
}

/** A line whenever something has changed, until the end or `until`. Epoch milliseconds. */
async function followed(
  calls: DeadLetterCalls,
  asked: DeadLetterBatchView,
  { until, say }: { until: number; say: (line: string) => void },
): Promise<DeadLetterBatchView> {
  let batch = asked;
  for (let said = ''; !batch.result && Date.now() < until;) {
    await new Promise((resolve) => setTimeout(resolve, lookMs));
    batch = await calls.batch(asked.id);
    const line = batch.report
      ? factsOf(batch.report)
          .map(([name, value]) => `${name.toLowerCase()} ${value}`)
          .join(' · ')
      : '';
    if (line && line !== said) say(line);
    said = line;
  }
  return batch;
}

/** Whole lines, without their ends. */
async function* linesOf(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const text of texts) {
    const end = (rest += text).lastIndexOf('\n');
    if (end < 0) continue;
    yield rest.slice(0, end).replaceAll('\r\n', '\n').trimEnd();
    rest = rest.slice(end + 1);
  }
  if (rest.trim()) yield rest.trimEnd();
}
