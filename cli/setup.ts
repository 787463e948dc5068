/** `boxoffice setup`: what Temporal has to know before the first purchase, and the tickets' contract. Safe to repeat. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError, type Client } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import type { Command } from 'commander';
import { searchAttributes } from '../contracts/search-attributes.ts';
import { dailyRoundTime, scheduleDailyRound } from '../client/daily-round.ts';
import { UnavailableError } from '../client/errors.ts';
import { dailyRoundId } from '../contracts/ids.ts';
import type { SetupStep } from '../workers/setup.ts';
import { wholeNumber } from './options.ts';
import type { Session } from './session.ts';

/** gRPC status codes. */
const notFound = 5;
const alreadyExists = 6;

function hasCode(error: unknown, wanted: number): boolean {
  if (!isGrpcServiceError(error)) return false;
  const code: number = error.code;
  return code === wanted;
}

/** temporal.api.enums.v1.IndexedValueType */
const valueTypes = { TEXT: 1, KEYWORD: 2, INT: 3, DOUBLE: 4, BOOL: 5, DATETIME: 6, KEYWORD_LIST: 7 } as const;

const visibleWithinMs = 30_000;
const pollMs = 250;
const defaultRetentionDays = 30;

/** Deploys or checks the contract; given by the entry point, because it reaches into rooms that the client may not. */
export type SetUpContract = (env: Readonly<Record<string, string | undefined>>) => Promise<SetupStep>;

export function addSetup(
  program: Command,
  open: () => Session,
  env: Readonly<Record<string, string | undefined>>,
  setUpContract: SetUpContract,
): void {
  program
    .command('setup')
    .description(
      'create what is missing: namespace, search attributes, the Schedule of the daily round, and the contract where CHAIN_RPC_URL is set',
    )
    .option('--retention-days <days>', 'of a new namespace', wholeNumber, defaultRetentionDays)
    .action(async ({ retentionDays }: { retentionDays: number }) => {
      const session = open();
      const steps = [...(await setUpTemporal(session.client, retentionDays)), await setUpContract(env)];
      session.print(steps.map(({ what, done, detail }) => `${what}: ${done} (${detail})`).join('\n'), steps);
    });
}

/** @throws UnavailableError when Temporal does not answer. */
export async function setUpTemporal(client: Client, retentionDays = defaultRetentionDays): Promise<SetupStep[]> {
  try {
    return await client.withDeadline(Date.now() + visibleWithinMs, async () => [
      await ensureNamespace(client, retentionDays),
      await ensureSearchAttributes(client),
      await ensureSchedule(client),
    ]);
  } catch (error) {
    if (error instanceof SetupError) throw error;
    throw new UnavailableError('Temporal', error);
  }
}

/** What is there contradicts what is needed: a person has to decide. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

async function ensureNamespace(client: Client, retentionDays: number): Promise<SetupStep> {
  const { namespace } = client.options;
  const step = { what: 'namespace', detail: namespace };
  const service = client.workflowService;
  const exists = async () => {
    try {
      await service.describeNamespace({ namespace });
      return true;
    } catch (error) {
      if (hasCode(error, notFound)) return false;
      throw error;
    }
  };
  if (await exists()) return { ...step, done: 'was there' };
  const retention = msToTs(retentionDays * 86_400_000);
  await service
    .registerNamespace({ namespace, workflowExecutionRetentionPeriod: retention })
    .catch((error: unknown) => {
      if (!hasCode(error, alreadyExists)) throw error;
    });
  await until(exists, `namespace ${namespace}`);
  return { ...step, done: 'created' };
}

async function ensureSearchAttributes(client: Client): Promise<SetupStep> {
  const { namespace } = client.options;
  const operator = client.connection.operatorService;
  // "Not found" of a namespace that is there: it was created a moment ago, and the server's caches do not know it yet.
  const registered = async (): Promise<Record<string, number> | undefined> => {
    try {
      return (await operator.listSearchAttributes({ namespace })).customAttributes;
    } catch (error) {
      if (hasCode(error, notFound)) return undefined;
      throw error;
    }
  };
  const wanted = Object.values(searchAttributes).map(({ name, type }) => [name, valueTypes[type]] as const);
  let before: Record<string, number> = {};
  await until(async () => {
    const now = await registered();
    before = now ?? {};
    return now !== undefined;
  }, `namespace ${namespace}`);
  for (const [name, type] of wanted) {
    if (before[name] !== undefined && before[name] !== type)
      throw new SetupError(
        `the search attribute ${name} exists with another type; remove it, or use another namespace`,
      );
  }
  const missing = wanted.filter(([name]) => before[name] === undefined);
  const step = { what: 'search attributes', detail: wanted.map(([name]) => name).join(', ') };
  if (missing.length === 0) return { ...step, done: 'was there' };
  await operator.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing) });
  await until(async () => {
    const now = await registered();
    return missing.every(([name]) => now?.[name] !== undefined);
  }, 'the search attributes');
  return { ...step, done: 'created' };
}

async function ensureSchedule(client: Client): Promise<SetupStep> {
  const step = { what: 'schedule', detail: `${dailyRoundId}, ${dailyRoundTime}` };
  return { ...step, done: await scheduleDailyRound(client) };
}

/** A new namespace is known to every part of the server only after its caches are refreshed. */
async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + visibleWithinMs;
  while (!(await condition())) {
    if (Date.now() > deadline)
      throw new SetupError(`${what} did not become visible within ${visibleWithinMs / 1_000} s`);
    await sleep(pollMs);
  }
}
