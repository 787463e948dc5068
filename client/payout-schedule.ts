/** A Temporal Schedule per venue, which pays out all that is available. */
import { type Client, isGrpcServiceError, ScheduleAlreadyRunning, ScheduleNotFoundError } from '@temporalio/client';
import { Type } from 'typebox';
import { payoutScheduleId } from '../contracts/ids.ts';
import { workflowTypes } from '../contracts/messages.ts';
import { Id } from '../contracts/schema/common.ts';
import type { PayoutSchedule } from '../contracts/schema/payout.ts';
import { createValidator, InvalidRequestError } from '../contracts/schema/validate.ts';
import { validatePayoutSchedule } from '../contracts/schema/validate-payout.ts';
import { checked } from './errors.ts';
import { payoutRoundStart } from './start-payout.ts';
import { translate } from './temporal-errors.ts';

const checkVenue = createValidator(Type.Object({ tenantId: Id('tenantId'), venueId: Id('venueId') }));

const hour = 3_600_000;
const units = { hour, day: 24 * hour, week: 7 * 24 * hour } as const;
/** gRPC's INVALID_ARGUMENT. */
const invalidArgument = 3;

/** Rounds that were missed by more than this, because the engine was down, are left out: the next one pays the same money. */
const catchupWindow = hour;

function everyMs(text: string): number {
  const [count, unit] = text.split(' ');
  return Number(count) * units[unit!.replace(/s$/u, '') as keyof typeof units];
}

const specOf = ({ every, cron }: PayoutSchedule) => ({
  ...(every === undefined ? {} : { intervals: [{ every: everyMs(every) }] }),
  ...(cron === undefined ? {} : { cronExpressions: [cron] }),
});

function isInvalid(error: unknown): boolean {
  if (!isGrpcServiceError(error)) return false;
  const code: number = error.code;
  return code === invalidArgument;
}

/** Creates the venue's Schedule, or changes the one that it has. @throws InvalidOrderError for a cron that is none */
export async function schedulePayouts(
  client: Client,
  tenantId: string,
  venueId: string,
  given: PayoutSchedule,
): Promise<void> {
  const venue = checked(() => checkVenue({ tenantId, venueId }));
  const wish = checked(() => validatePayoutSchedule(given));
  const scheduleId = payoutScheduleId(tenantId, venueId);
  const schedule = {
    spec: specOf(wish),
    action: { type: 'startWorkflow', workflowType: workflowTypes.payoutRound, ...payoutRoundStart(venue) },
    policies: { overlap: 'SKIP', catchupWindow },
  } as const;
  try {
    await client.schedule.create({ scheduleId, ...schedule }).catch(async (error: unknown) => {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      await client.schedule.getHandle(scheduleId).update(({ state }) => ({ ...schedule, state }));
    });
  } catch (error) {
    if (isInvalid(error))
      checked(() => {
        throw new InvalidRequestError([
          { field: 'cron', value: JSON.stringify(given.cron), accepted: 'five fields that Temporal can read' },
        ]);
      });
    throw translate(error, scheduleId);
  }
}

/** False when there was none. */
export async function unschedulePayouts(client: Client, tenantId: string, venueId: string): Promise<boolean> {
  checked(() => checkVenue({ tenantId, venueId }));
  const scheduleId = payoutScheduleId(tenantId, venueId);
  try {
    await client.schedule.getHandle(scheduleId).delete();
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw translate(error, scheduleId);
  }
}
