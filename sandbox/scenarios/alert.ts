import type { AlertPageView, AlertView } from '../../contracts/alert-records.ts';
import { until } from '../processes/until.ts';
import type { Told } from './alarm-control.ts';
import { type Attempt, ended, type Scenario, type ScenarioContext } from './scenario.ts';

const purchases = 4;
const watcher = 'watcher';
/** Small ones: a demo has no fifty buyers. */
const thresholds = { everySeconds: 1, moneyDepth: purchases - 2 };
const headline = /money: \d+ jobs wait/u;
/** A buyer who waits for a worker that is gone. Milliseconds. */
const answerMs = 3_000;
const patience = { withinMs: 45_000 };

/** Open or over, the newest of its kind. */
async function incidentOf({ people }: ScenarioContext): Promise<AlertView | undefined> {
  const { alerts } = await people('admin').ask<AlertPageView>('GET', '/alerts?severity=critical&limit=20');
  return alerts.find(({ type, subject }) => type === 'queue-depth' && subject === 'money');
}

async function everyChannel({ alarm }: ScenarioContext): Promise<Told> {
  let told: Told | undefined;
  const complete = async () => {
    told = await alarm.told(headline);
    return told.texts.length > 0 && told.calls.length > 0 && told.mails.length > 0;
  };
  if (await until(complete, patience)) return told!;
  const { texts = [], calls = [], mails = [] } = told ?? {};
  throw new Error(`the alarm came as ${texts.length} texts, ${calls.length} calls and ${mails.length} mails`);
}

/** From the cause to the end; the worker is back however it ends. */
async function play(context: ScenarioContext) {
  const { boxoffice, order, world, alarm, say } = context;
  await world.kill('worker', 'SIGKILL');
  try {
    const wanted = Array.from({ length: purchases }, (_, index) => order({ copy: index + 1 }));
    const handles = await Promise.all(wanted.map((one) => boxoffice.payments.purchase(one, { deadlineMs: answerMs })));
    say(`the worker is gone; ${purchases} purchases wait: "${handles[0]!.early.status}"`);
    const told = await everyChannel(context);
    say(`on call: ${told.texts[0]!.body.slice(0, 60)}…`);
    const pages = await alarm.acknowledge(told.mails[0]!);
    const known = await incidentOf(context);
    say('acknowledged by the link in the mail; the worker comes back');
    await world.start('worker');
    const attempts: Attempt[] = [];
    for (const [index, handle] of handles.entries()) attempts.push(await ended(wanted[index]!, handle));
    const over = async () => (await incidentOf(context))?.endedAt !== undefined;
    return { attempts, told, pages, known, over: await until(over, patience), amount: wanted[0]!.amount };
  } catch (error) {
    await world.start('worker').catch(() => undefined); // it is up already
    throw error;
  }
}

export const alert: Scenario = {
  name: 'alert',
  title: 'an alert, from its cause to its end',
  alone: true,
  async run(context) {
    const { people, addWorker, world, say } = context;
    const configure = (settings: object) =>
      people('admin').ask('POST', '/monitor/settings', { settings, reason: 'the demo' });
    say('one more worker, for the monitor and its alerts');
    await addWorker(watcher, { WORKER_LANES: 'monitoring,alert' });
    await configure(thresholds);
    const { attempts, told, pages, known, over, amount } = await play(context);
    await configure(Object.fromEntries(Object.keys(thresholds).map((name) => [name, null])));
    await world.kill(watcher, 'SIGTERM');
    return {
      happened: 'text, call and mail; acknowledged by its link; over by itself once the worker was back',
      attempts,
      expected: { charges: purchases, captured: purchases * amount, mails: purchases },
      findings: [
        { what: 'text messages', expected: 1, found: told.texts.length },
        { what: 'calls', expected: 1, found: told.calls.length },
        { what: 'mails', expected: 1, found: told.mails.length },
        {
          what: 'opening the link',
          expected: 'a button',
          found: pages.opened.includes('<button>') ? 'a button' : 'none',
        },
        { what: 'acknowledged by', expected: 'link:email:oncall', found: known?.acknowledged?.by ?? 'nobody' },
        { what: 'the incident', expected: 'over', found: over ? 'over' : 'goes on' },
      ],
      ...(known ? { besides: [`alert:platform:${known.id}:1`, 'monitor'] } : {}),
      exhibit: told.texts[0]!.body,
    };
  },
};
