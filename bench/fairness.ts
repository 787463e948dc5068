/** `--workload fairness`: ten jobs of one venue, or tenant, behind a crowd of another's, and one urgent job behind a crowd of its own. */
import { contractLimits } from '../contracts/lane-limits.ts';
import { slotsOf } from '../workers/slots.ts';
import { fairBoundMs, type Wait } from './fairness-judge.ts';
import { type FairnessRoom, p95Of, type Party, playAlone, playBehind } from './fairness-play.ts';
import { createJobWorker, jobsDone, laneRoom, startJobs, type Wish } from './jobs.ts';
import { createProgress, type Progress } from './progress.ts';
import { startLaneWorld } from './world.ts';
import { type BenchContext, columns, type Measured, rounded, type Workload } from './workload.ts';

const fewJobs = 10;
const rounds = [1, 2, 3];
const behindUrgent = 200;
/** Calls that may come in between while a job is started and handed out, beside those that were handed out before. */
const onTheWay = 5;
const urgent = 'urgent';
const priority = 3;
const limits = contractLimits.stripe;

const arena: Omit<Party, 'count'> = { tenantId: 'acme', venueId: 'arena' };
const contests: { name: string; few: Party }[] = [
  { name: 'two-venues', few: { tenantId: 'acme', venueId: 'cellar', count: fewJobs } },
  { name: 'two-tenants', few: { tenantId: 'globex', venueId: 'arena', count: fewJobs } },
];

interface Contest {
  name: string;
  aloneP95Ms: number;
  p95Ms: number;
  boundMs: number;
}

interface Played {
  contests: Contest[];
  urgent: Wait;
}

async function measure(context: BenchContext): Promise<Measured> {
  const { interrupt, screen, dir, jobs } = context;
  const [workers = 1] = context.workers;
  const lane = await interrupt.race(startLaneWorld({ dir, screen }));
  const progress = createProgress(screen, [...contests.map(({ name }) => name), urgent]);
  const slots = (slotsOf('stripe', limits).maxConcurrentActivityTaskExecutions ?? 0) * workers;
  const { perSecond } = limits;
  try {
    const room = { ...laneRoom(lane.client), calls: () => lane.callsSince(0), perSecond, slots };
    await interrupt.race(lane.addWorkers(workers));
    lane.beginWork();
    const jobWorker = await createJobWorker(lane.world.address('temporal').address, room);
    const played = await interrupt.race(jobWorker.runUntil(play(room, jobs, progress)));
    return { table: tableOf(played, jobs), line: lineOf(played, { jobs, slots }), missed: missedBy(played, slots) };
  } finally {
    progress.close();
    await lane.close();
  }
}

async function play(room: FairnessRoom, jobs: number, progress: Progress): Promise<Played> {
  const played: Contest[] = [];
  for (const { name, few } of contests) {
    progress.begin(name);
    const contest = await playContest(room, { name, few, jobs, say: (text) => progress.note(name, text) });
    progress.end(name, contest.p95Ms <= contest.boundMs, `p95 ${ms(contest.p95Ms)}`);
    played.push(contest);
  }
  progress.begin(urgent);
  const crowd: Wish = { ...arena, name: 'urgent-crowd', count: behindUrgent, priority: 5 };
  await startJobs(room, crowd);
  const [wait] = await playBehind(room, { ...arena, name: urgent, count: 1, priority: 1 });
  await jobsDone(room, crowd);
  progress.end(urgent, wait!.ahead <= room.slots + onTheWay, `${wait!.ahead} calls before it`);
  return { contests: played, urgent: wait! };
}

/** The few alone, then the few behind the crowd, several times each: one time may be lucky with where its second begins. */
async function playContest(
  room: FairnessRoom,
  { name, few, jobs, say }: { name: string; few: Party; jobs: number; say: (text: string) => void },
): Promise<Contest> {
  const alone: Wait[] = [];
  for (const round of rounds)
    alone.push(...(await playAlone(room, { ...few, name: `${name}-alone-${round}`, priority })));
  const crowd: Wish = { ...arena, name: `${name}-crowd`, count: jobs, priority };
  await startJobs(room, crowd);
  const behind: Wait[] = [];
  for (const round of rounds) behind.push(...(await playBehind(room, { ...few, name: `${name}-${round}`, priority })));
  await jobsDone(room, crowd, { onProgress: (done) => say(`${done} of ${jobs} of the crowd are done`) });
  const [aloneP95Ms, p95Ms] = [p95Of(alone), p95Of(behind)];
  return { name, aloneP95Ms, p95Ms, boundMs: fairBoundMs(aloneP95Ms, room.slots, room.perSecond) };
}

function missedBy({ contests, urgent }: Played, slots: number): string[] {
  const slow = contests.filter(({ p95Ms, boundMs }) => p95Ms > boundMs);
  const late = urgent.ahead > slots + onTheWay;
  return [
    ...slow.map(({ name, p95Ms, boundMs }) => `${name}: waited ${ms(p95Ms)}, wanted ${ms(boundMs)} at most`),
    ...(late ? [`urgent: ${urgent.ahead} calls before it, wanted ${slots + onTheWay} at most`] : []),
  ];
}

const ms = (value: number) => `${value.toFixed(0)} ms`;

const tableOf = ({ contests, urgent }: Played, jobs: number) =>
  `${columns([
    ['', 'crowd', 'few', 'p95 of the few alone', 'behind the crowd', 'at most'],
    ...contests.map(({ name, aloneP95Ms, p95Ms, boundMs }) => [
      name,
      String(jobs),
      String(fewJobs),
      ms(aloneP95Ms),
      ms(p95Ms),
      ms(boundMs),
    ]),
  ])}\n\nan urgent job behind ${behindUrgent}: ${urgent.ahead} calls before it, ${ms(urgent.ms)}`;

const lineOf = ({ contests, urgent }: Played, { jobs, slots }: { jobs: number; slots: number }) => ({
  contests: contests.map(({ name, aloneP95Ms, p95Ms, boundMs }) => ({
    contest: name,
    jobs,
    few: fewJobs,
    slots,
    aloneP95Ms: rounded(aloneP95Ms, 0),
    p95Ms: rounded(p95Ms, 0),
    boundMs: rounded(boundMs, 0),
  })),
  urgent: { behind: behindUrgent, ahead: urgent.ahead, waitMs: rounded(urgent.ms, 0) },
});

export const fairnessWorkload: Workload = {
  title: 'ten jobs of a venue, or a tenant, behind many of another, and an urgent one behind 200',
  defaults: { jobs: 500, workers: [1] },
  // Fewer are done before the last of the few come.
  leastJobs: 250,
  measure,
};
