import { channelsOf, isReminder, resultOf } from '../contracts/alert-channels.ts';
import type { AlertNotice, AlertResult, Channel } from '../contracts/alerts.ts';
import { cancelAlertUpdate } from '../contracts/messages.ts';
import { alertCall, firstAlertWindow } from '../contracts/retry-profiles.ts';
import { AlertView, type ShownOutcome } from './alert-view.ts';
import { isCancelled, sendMessage } from './message.ts';
import { readFailure } from './outcomes.ts';
import { alerts } from './proxies.ts';

/** One notice of an incident, over all channels of its severity at once: none waits for another. */
export async function alert(notice: AlertNotice): Promise<AlertResult> {
  const channels = channelsOf(notice);
  const view = new AlertView(notice, channels);
  return sendMessage<AlertResult>({
    view,
    noun: 'notice',
    cancelUpdate: cancelAlertUpdate,
    send: async () => {
      const outcomes = await Promise.all(
        channels.map(async (channel) => {
          const shown = await notify(notice, channel);
          view.ended(channel, shown);
          return [channel, shown.outcome] as const;
        }),
      );
      return resultOf(Object.fromEntries(outcomes));
    },
  });
}

/** Never fails: a channel that did not work is no reason to say nothing of the others. */
async function notify(notice: AlertNotice, channel: Channel): Promise<ShownOutcome> {
  const scheduleToCloseTimeout = isReminder(notice.kind) ? alertCall.scheduleToCloseTimeout : firstAlertWindow;
  try {
    return await alerts.sendAlert.executeWithOptions({ summary: channel, scheduleToCloseTimeout }, [
      { notice, channel },
    ]);
  } catch (error) {
    return isCancelled() ? { outcome: 'cancelled' } : { outcome: 'given up', code: readFailure(error).code };
  }
}
