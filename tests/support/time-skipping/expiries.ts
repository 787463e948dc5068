/**
 * A workflow interceptor for the time-skipping server, which takes an activity's expiry on a whole second for none
 * (`getNanos() != 0` in its `TestServiceRetryState`) and then tries that activity again for ever: one in a thousand, and one
 * in ten of those tests that wait for a day. A microsecond more keeps every expiry off the whole second.
 */
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { msToNumber } from '@temporalio/common/lib/time.js';

const microsecond = 0.001;

export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      scheduleActivity(input, next) {
        const { scheduleToCloseTimeout: given } = input.options;
        if (given === undefined) return next(input);
        const scheduleToCloseTimeout = msToNumber(given) + microsecond;
        return next({ ...input, options: { ...input.options, scheduleToCloseTimeout } });
      },
    },
  ],
});
