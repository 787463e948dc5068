import { makeContinueAsNewFunc, setHandler, workflowInfo } from '@temporalio/workflow';
import type { DailyRoundCourse, DailyRoundInput, DailyRoundResult } from '../contracts/daily-round.ts';
import { dayOf } from '../contracts/days.ts';
import { jobStatusQuery } from '../contracts/messages.ts';
import { JobView } from './job-view.ts';
import { rounds } from './proxies.ts';

const goOn = makeContinueAsNewFunc<typeof dailyRound>();

/**
 * Started by a Schedule, which adds a timestamp to its id; what it starts has ids that follow from the day that the Schedule
 * had meant, so that a round that is started twice does everything once.
 */
export async function dailyRound({ course }: DailyRoundInput = {}): Promise<DailyRoundResult> {
  const now = course ? { ...course } : begun();
  const day = dayOf(Date.parse(now.today), 1);
  const view = new JobView(`Daily round of ${now.today}`, now.step);
  setHandler(jobStatusQuery, () => view.status(), { description: 'Stage and what comes next' });

  if (now.step === 'cleanup') {
    await rounds.startCleanup({ day: now.today });
    view.note('cleanup is started');
    now.step = 'reports';
  }
  while (now.step === 'reports') {
    const { started, next } = await rounds.startReports({ day, after: now.venue });
    now.reports += started;
    now.venue = next;
    view.note(`reports of ${day} started so far: ${now.reports}`);
    if (!next) now.step = 'reconciliations';
    await continueWhereLong(now);
  }
  for (let more = true; more; more = now.tenantId !== undefined) {
    const { started, next } = await rounds.startReconciliations({ day, after: now.tenantId });
    now.reconciliations += started;
    now.tenantId = next;
    view.note(`reconciliations of ${day} started so far: ${now.reconciliations}`);
    if (next) await continueWhereLong(now);
  }
  const result: DailyRoundResult = {
    status: 'started',
    day,
    reports: now.reports,
    reconciliations: now.reconciliations,
  };
  view.end(result);
  return result;
}

/** Catching up after an outage, it is still about the day on which it was to start. */
function begun(): DailyRoundCourse {
  const { searchAttributes, startTime } = workflowInfo();
  const scheduled = searchAttributes['TemporalScheduledStartTime']?.[0];
  const today = dayOf((scheduled instanceof Date ? scheduled : startTime).getTime());
  return { today, step: 'cleanup', reports: 0, reconciliations: 0 };
}

async function continueWhereLong(course: DailyRoundCourse): Promise<void> {
  if (workflowInfo().continueAsNewSuggested) await goOn({ course });
}
