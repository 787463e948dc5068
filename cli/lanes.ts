/** `boxoffice lanes`: the pace of the providers, seen and changed over the API, which knows who does it. */
import { type Command, InvalidArgumentError } from 'commander';
import { createLaneCalls, type LaneCalls } from '../client/lanes.ts';
import type { LaneChange, LaneChangeRecord } from '../contracts/lane-control.ts';
import {
  type ControlledName,
  controlledLanes,
  type LaneAnswer,
  type LaneView,
  stateOf,
} from '../contracts/lane-words.ts';
import { adminAccess } from './api-access.ts';
import { oneOf, wholeNumber } from './options.ts';
import type { Output } from './output.ts';
import { UsageError } from './settings.ts';
import { facts, table } from './table.ts';
import { secondOf } from './times.ts';

interface SaidBy {
  reason: string;
  as?: string;
}
interface LimitsOptions extends SaidBy {
  perSecond?: number;
  concurrent?: number;
}

const laneList = controlledLanes.join(', ');
const lane = oneOf(controlledLanes);

function rate(text: string): number {
  if (!/^\d{1,6}(\.\d{1,3})?$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError('It has to be a number of calls a second above 0, such as 12.5.');
  return Number(text);
}

function onOrOff(text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new InvalidArgumentError('It has to be on or off.');
  return text === 'on';
}

/** `acme:arena=2.5` adds to the weights before it; `acme:arena=` takes one back. */
function weight(text: string, before: Record<string, number | null> = {}): Record<string, number | null> {
  const [, key, value] = /^([^=]+)=(\d{0,4}(?:\.\d{1,3})?)$/.exec(text) ?? [];
  if (key === undefined || value === undefined)
    throw new InvalidArgumentError(
      'It has to be TENANT:VENUE=WEIGHT such as acme:arena=2.5; TENANT:VENUE= takes it back.',
    );
  return { ...before, [key]: value === '' ? null : Number(value) };
}

export function addLanes(program: Command, { env, print, fail }: Output): void {
  const lanes = program.command('lanes').description("the providers' lanes: look, slow down, stop; asks the API");
  const calls = async (as?: string): Promise<LaneCalls> =>
    createLaneCalls(await adminAccess(env, program.opts<{ dir: string }>().dir, as));
  const changing = (name: string, description: string) =>
    lanes
      .command(name)
      .description(description)
      .requiredOption('--reason <text>', 'why; it is kept with the change')
      .option('--as <id>', 'who does it, in the sandbox only (default: platform-admin)');
  const changingOne = (name: string, description: string) =>
    changing(name, description).argument('<lane>', `one of ${laneList}`, lane);

  const say = (answer: LaneAnswer) => {
    print(answerText(answer), answer);
    if (answer.next !== undefined) fail();
  };
  const sayAll = (answers: readonly LaneAnswer[]) => {
    print(answersText(answers), { lanes: answers });
    if (answers.some(({ next }) => next !== undefined)) fail();
  };

  lanes
    .command('list', { isDefault: true })
    .description('every lane as it is now')
    .action(async () => {
      const found = await (await calls()).status();
      print(lanesText(found), { lanes: found });
    });
  lanes
    .command('changes')
    .description('who changed what, and why; newest first')
    .argument('[lane]', `one of ${laneList}`, lane)
    .option('--limit <count>', 'how many', wholeNumber, 20)
    .action(async (name: ControlledName | undefined, { limit }: { limit: number }) => {
      const changes = await (await calls()).changes({ limit, ...(name === undefined ? {} : { lane: name }) });
      print(changesText(changes), { changes });
    });

  for (const [action, description] of [
    ['stop', 'start no call any more; work waits in Temporal'],
    ['resume', 'start calls again'],
  ] as const)
    changing(action, description)
      .argument('[lane]', `one of ${laneList}`, lane)
      .option('--all', 'every lane but that of alerts: the emergency stop, and its end')
      .action(async (name: ControlledName | undefined, { reason, as, all }: SaidBy & { all?: boolean }) => {
        if ((name === undefined) === (all === undefined)) throw new UsageError('name either one lane or --all');
        const made = await calls(as);
        if (name !== undefined) say(await made[action](name, reason));
        else sayAll(await made[`${action}All`](reason));
      });

  changingOne('limits', 'set calls a second, calls in flight, or both, instead of what is configured')
    .option('--per-second <rate>', 'calls in any second', rate)
    .option('--concurrent <count>', 'calls in flight at once', wholeNumber)
    .action(async (name: ControlledName, { reason, as, perSecond, concurrent }: LimitsOptions) => {
      if (perSecond === undefined && concurrent === undefined)
        throw new UsageError('give --per-second, --concurrent or both');
      const limits = {
        ...(perSecond === undefined ? {} : { perSecond }),
        ...(concurrent === undefined ? {} : { concurrent }),
      };
      say(await (await calls(as)).limits(name, limits, reason));
    });
  changingOne('brown-out', "use a part of the lane's rate; 100 ends it")
    .argument('<percent>', '1 to 100', wholeNumber)
    .action(async (name: ControlledName, percent: number, { reason, as }: SaidBy) =>
      say(await (await calls(as)).brownOut(name, percent, reason)),
    );
  changingOne('adaptive', 'whether 429 and rising latency lower the rate by themselves')
    .argument('<on|off>', 'on or off', onOrOff)
    .action(async (name: ControlledName, on: boolean, { reason, as }: SaidBy) =>
      say(await (await calls(as)).adaptive(name, on, reason)),
    );
  changingOne('weights', 'how much of the lane venues get while several wait')
    .argument('<weight...>', 'TENANT:VENUE=WEIGHT; 1 is usual, TENANT:VENUE= takes it back', weight)
    .action(async (name: ControlledName, weights: Record<string, number | null>, { reason, as }: SaidBy) =>
      say(await (await calls(as)).weights(name, weights, reason)),
    );
  changingOne(
    'reset',
    'forget what was changed, the lowered rate and the closure of a 429; stopped stays stopped',
  ).action(async (name: ControlledName, { reason, as }: SaidBy) => say(await (await calls(as)).reset(name, reason)));
}

const number = (value: number) => String(Number(value.toFixed(2)));

function wait(milliseconds: number | null): string {
  if (milliseconds === null) return '–';
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}

const rateText = ({ effectivePerSecond, perSecond }: LaneView) =>
  perSecond === null || effectivePerSecond === null ? 'unpaced' : `${number(effectivePerSecond)}/${number(perSecond)}`;

const lanesText = (found: readonly LaneView[]) =>
  table(
    ['Lane', 'In flight', 'Calls/s', 'Last second', 'Waiting', 'Next in', 'State'],
    found.map((view) => [
      view.lane, `${view.inFlight}/${view.concurrent}`, rateText(view), String(view.lastSecond), String(view.waiting),
      wait(view.expectedWaitMs), stateOf(view),
    ]), // prettier-ignore
  );

function changeText(change: LaneChange): string {
  switch (change.action) {
    case 'limits': {
      const { perSecond, concurrent } = change;
      const said = [
        perSecond === undefined ? [] : [`${perSecond}/s`],
        concurrent === undefined ? [] : [`${concurrent} in flight`],
      ];
      return `limits ${said.flat().join(', ')}`;
    }
    case 'brown-out':
      return `brown-out ${change.percent} %`;
    case 'adaptive':
      return `adaptive ${change.on ? 'on' : 'off'}`;
    case 'weights':
      return `weights ${Object.entries(change.weights)
        .map(([key, share]) => `${key} ${share ?? 'usual'}`)
        .join(', ')}`;
    case 'stop':
    case 'resume':
    case 'reset':
      return change.action;
  }
}

const changesText = (changes: readonly LaneChangeRecord[]) =>
  table(
    ['When (UTC)', 'Lane', 'Change', 'By', 'Why'],
    changes.map(({ changedAt, lane: name, change, actor, reason }) => [
      secondOf(changedAt), name, changeText(change), actor, reason,
    ]), // prettier-ignore
  );

const yes = (is: boolean, no = 'no') => (is ? 'yes' : no);

export const answerText = ({ lane: name, settings, inForce, queue, next }: LaneAnswer) =>
  facts([
    ['Lane', name],
    ['Stopped', yes(settings.stopped)],
    ['Calls/s', settings.perSecond === undefined ? undefined : number(settings.perSecond)],
    ['Concurrent', settings.concurrent === undefined ? undefined : String(settings.concurrent)],
    ['Brown-out', settings.percent < 100 ? `${settings.percent} %` : undefined],
    ['Adaptive', settings.adaptive ? undefined : 'off'],
    ['In force', yes(inForce, 'not yet')],
    ['Queue', queue],
    ['Next', next],
  ]);

const answersText = (answers: readonly LaneAnswer[]) =>
  table(
    ['Lane', 'Stopped', 'In force', 'Queue', 'Next'],
    answers.map(({ lane: name, settings, inForce, queue = '', next = '' }) => [
      name, yes(settings.stopped), yes(inForce, 'not yet'), queue, next,
    ]), // prettier-ignore
  );
