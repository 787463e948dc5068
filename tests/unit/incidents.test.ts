import { array, assert, boolean, integer, property, record, subarray } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AlertNotice, AlertType, Finding } from '../../contracts/alerts.ts';
import {
  advance,
  type IncidentMemory,
  noIncidents,
  noticed,
  noticesDue,
  rowsOf,
  type TrackedIncident,
  written,
} from '../../contracts/incidents.ts';
import { defaultMonitorSettings as settings } from '../../contracts/monitor.ts';
import { at, findingOf, trackedOf } from '../support/incidents.ts';

const none: ReadonlySet<AlertType> = new Set();
const money = findingOf();
const mail = findingOf({ subject: 'communication', severity: 'warning', value: 6_000, threshold: 5_000 });

/** A monitor that looks, tells everything that is due, and whose database takes every row. */
class Watch {
  memory: IncidentMemory = noIncidents;
  rows = new Map<string, TrackedIncident>();

  look(seconds: number, findings: readonly Finding[], unknown = none) {
    const turn = advance(this.memory, { findings, unknown, settings, now: at(seconds) });
    this.memory = turn.memory;
    return turn;
  }

  tell(seconds: number): string[] {
    const due = noticesDue(this.memory, settings, at(seconds));
    for (const notice of due) this.memory = noticed(this.memory, notice, at(seconds));
    return due.map(shown);
  }

  /** Looks and tells. */
  round(seconds: number, ...findings: Finding[]): string[] {
    this.look(seconds, findings);
    return this.tell(seconds);
  }

  write(seconds: number, stored: readonly TrackedIncident[]) {
    this.memory = written(this.memory, stored, at(seconds));
  }
}
const shown = ({ incident, kind, number }: AlertNotice) => `${incident.subject} ${kind} ${number}`;
const seconds = (from: number, to: number, step = 30) =>
  Array.from({ length: (to - from) / step + 1 }, (_, index) => from + index * step);

describe('an incident', () => {
  it('opens once, follows its value, and ends when nothing finds it', () => {
    const watch = new Watch();
    const { opened } = watch.look(0, [money, mail]);
    expect(opened.map(({ incident }) => incident.alertId)).toEqual([
      'queue-depth-money-1801396800',
      'queue-depth-communication-1801396800',
    ]);
    const worse = watch.look(30, [{ ...money, value: 90 }, mail]);
    expect([worse.opened, worse.ended]).toEqual([[], []]);
    expect(watch.memory.open[0]).toEqual({ ...trackedOf(), lastValue: 90 });
    const { ended } = watch.look(60, [mail]);
    expect(ended).toEqual([{ ...trackedOf(), lastValue: 90, endedAt: at(60) }]);
    expect(watch.memory.open).toHaveLength(1);
  });

  it('is the same again within the cooldown of its end, and another one after it', () => {
    const watch = new Watch();
    watch.look(0, [money, mail]);
    watch.look(30, []);
    expect(watch.look(330, [money])).toMatchObject({
      opened: [],
      reopened: [{ reopened: 1, incident: { alertId: 'queue-depth-money-1801396800' } }],
    });
    expect(watch.memory.open[0]).not.toHaveProperty('endedAt');
    watch.look(360, []);
    const later = watch.look(661, [money, mail]);
    expect(later.opened.map(({ incident }) => incident.alertId)).toEqual(['queue-depth-money-1801397461']);
    expect(later.reopened.map(({ incident }) => incident.alertId)).toEqual(['queue-depth-communication-1801396800']);
  });

  it('stays while nobody knows whether it is over', () => {
    const watch = new Watch();
    watch.look(0, [money, mail]);
    expect(watch.look(30, [], new Set<AlertType>(['queue-depth'])).ended).toEqual([]);
    expect(watch.memory.open).toHaveLength(2);
  });
});

describe('notices', () => {
  it('are one at first, one after each cooldown, and one to the second person', () => {
    const watch = new Watch();
    const told = seconds(0, 1_200).map((second) => [second, ...watch.round(second, money, mail)]);
    expect(told.filter(({ length }) => length > 1)).toEqual([
      [0, 'money first 1', 'communication first 1'],
      [300, 'money repeat 2'],
      [600, 'money repeat 3', 'money escalation 4'],
      [900, 'money repeat 5'],
      [1_200, 'money repeat 6'],
    ]);
    expect(watch.round(3_570, mail)).toEqual([]);
    expect(watch.round(3_600, mail)).toEqual(['communication repeat 2']);
    expect(watch.round(9_000, mail)).toEqual(['communication repeat 3']);
  });

  it('say how bad it is now', () => {
    const watch = new Watch();
    watch.round(0, money);
    watch.look(300, [{ ...money, value: 99 }]);
    expect(noticesDue(watch.memory, settings, at(300))).toMatchObject([{ incident: { value: 99, openedAt: at(0) } }]);
  });

  it('are due again and again until they were given', () => {
    const watch = new Watch();
    watch.look(0, [money]);
    expect(noticesDue(watch.memory, settings, at(0)).map(shown)).toEqual(['money first 1']);
    expect(noticesDue(watch.memory, settings, at(30)).map(shown)).toEqual(['money first 1']);
  });

  it('stop with an acknowledgement, the escalation too, and stay so when it comes back within the cooldown', () => {
    const watch = new Watch();
    watch.round(0, money);
    watch.write(0, [{ ...watch.memory.open[0]!, acknowledged: { by: 'ann', at: at(10) } }]);
    expect(seconds(30, 900).flatMap((second) => watch.round(second, money))).toEqual([]);
    watch.round(930);
    expect(watch.round(960, money)).toEqual([]);
  });

  it('of one that comes and goes are no more than of one that stays', () => {
    const watch = new Watch();
    const told = seconds(0, 600).flatMap((second) => {
      const now = second % 60 === 0 ? watch.round(second, money) : watch.round(second);
      return now.map((notice) => `${second} ${notice}`);
    });
    expect(told).toEqual(['0 money first 1', '300 money repeat 2', '600 money repeat 3', '600 money escalation 4']);
    expect(watch.memory.open).toMatchObject([{ reopened: 10 }]);
  });
});

describe('what the database says', () => {
  const earlier = trackedOf({ incident: { openedAt: at(-600) }, notices: 3, noticedAt: at(-60), escalated: true });

  it('lets an open row of an earlier monitor go on, with its notices and its cooldown', () => {
    const watch = new Watch();
    watch.look(0, [{ ...money, value: 77 }]);
    watch.write(0, [earlier]);
    expect(watch.memory.open).toEqual([{ ...earlier, lastValue: 77 }]);
    expect(watch.tell(0)).toEqual([]);
    expect(watch.round(240, money)).toEqual(['money repeat 4']);
  });

  it('ends an open row of an earlier monitor that nothing finds any more', () => {
    const watch = new Watch();
    watch.look(0, []);
    watch.write(0, [earlier]);
    expect(watch.look(30, []).ended).toEqual([{ ...earlier, endedAt: at(30) }]);
    expect(rowsOf(watch.memory)).toEqual([{ ...earlier, endedAt: at(30) }]);
  });

  it('ends such a row for one that people were told of by its own id', () => {
    const watch = new Watch();
    watch.round(0, money);
    watch.write(0, [earlier]);
    const ours = watch.memory.open[0]!;
    expect(ours.incident.openedAt).toBe(at(0));
    expect(rowsOf(watch.memory)).toEqual([{ ...earlier, endedAt: at(0) }, ours]);
    watch.write(30, [{ ...earlier, endedAt: at(0) }, ours]);
    expect(rowsOf(watch.memory)).toEqual([ours]);
  });

  it('hears of an end until it has been written, and of one that came back as open', () => {
    const watch = new Watch();
    watch.look(0, [money, mail]);
    watch.look(30, []);
    watch.look(60, [mail]);
    expect(rowsOf(watch.memory).map(({ incident, endedAt }) => [incident.subject, endedAt])).toEqual([
      ['money', at(30)],
      ['communication', undefined],
    ]);
    watch.write(60, rowsOf(watch.memory));
    expect(rowsOf(watch.memory)).toHaveLength(1);
  });

  it('may be missing for long, and memory stays bounded', () => {
    const watch = new Watch();
    for (const second of seconds(0, 400_000, 400)) watch.round(second, ...(second % 800 === 0 ? [money, mail] : []));
    expect(rowsOf(watch.memory).length).toBeLessThanOrEqual(102);
    expect(watch.memory.ended.length).toBeLessThanOrEqual(2);
  });
});

it('whatever comes and goes: one open for each subject, ids of their own, no notice within its cooldown', () => {
  const kinds: readonly Finding[] = [
    money,
    mail,
    findingOf({ type: 'queue-age' }),
    findingOf({ subject: 'background' }),
  ];
  const rounds = array(
    record({ found: subarray([...kinds]), pause: integer({ min: 1, max: 500 }), writes: boolean() }),
    { maxLength: 40 },
  );
  assert(
    property(rounds, (course) => {
      const watch = new Watch();
      const [opened, lastTold]: [Set<string>, Map<string, number>] = [new Set(), new Map()];
      let now = 0;
      for (const { found, pause, writes } of course) {
        now += pause;
        for (const { incident } of watch.look(now, found).opened) {
          expect(opened).not.toContain(incident.alertId);
          opened.add(incident.alertId);
        }
        const open = watch.memory.open.map(({ incident }) => `${incident.type} ${incident.subject}`);
        expect(open.toSorted()).toEqual(found.map(({ type, subject }) => `${type} ${subject}`).toSorted());
        for (const notice of noticesDue(watch.memory, settings, at(now))) {
          watch.memory = noticed(watch.memory, notice, at(now));
          if (notice.kind === 'escalation') continue;
          const { alertId, severity } = notice.incident;
          const cooldown = severity === 'critical' ? 300 : 3_600;
          expect(now - (lastTold.get(alertId) ?? -Infinity)).toBeGreaterThanOrEqual(cooldown);
          lastTold.set(alertId, now);
        }
        expect(watch.memory.open.every(({ notices }) => notices > 0)).toBe(true);
        if (writes) watch.write(now, rowsOf(watch.memory));
      }
    }),
    { numRuns: 200 },
  );
});
