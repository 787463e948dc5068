import { PayoutSchedule } from './payout.ts';
import { createValidator, InvalidRequestError } from './validate.ts';

const checkShape = createValidator(PayoutSchedule);

/** One way to say how often. @throws InvalidRequestError */
export function validatePayoutSchedule(value: unknown): PayoutSchedule {
  const schedule = checkShape(value);
  if ((schedule.every === undefined) === (schedule.cron === undefined))
    throw new InvalidRequestError([
      { field: 'every', value: JSON.stringify(schedule.every), accepted: 'either every or cron' },
    ]);
  return schedule;
}
