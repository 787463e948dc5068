import { decodeJwt } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../cli/program.ts';
import { createBoxoffice } from '../../client/index.ts';
import type { DifferenceRecord, ReconciliationResult } from '../../contracts/reconciliation.ts';
import { noCounts } from '../../contracts/reconciliation-words.ts';
import { useCliApi } from '../support/cli-api.ts';
import { FakeTemporal } from '../support/fake-temporal.ts';

const left: DifferenceRecord = {
  id: 7, day: '2027-01-31', kind: 'hold_left', objectId: 'pi_1', ours: null, theirs: { state: 'held' }, amount: 52_50,
  currency: 'USD', foundAt: '2027-02-01T02:00:00.000Z',
}; // prettier-ignore
const closed = { ...left, closedAt: '2027-02-01T09:00:00.000Z', closedBy: 'ada', closeReason: 'voided' };
const clean = {
  day: '2027-01-31', status: 'differs', differences: 2, healed: 1, compared: {}, startedAt: '2027-02-01T02:00:00.000Z',
}; // prettier-ignore
const api = useCliApi({ days: [clean], differences: [left, { ...closed, id: 6, objectId: 'pi_0' }] });
const reconciliation = (args: readonly string[], env?: Record<string, string>) =>
  api.run(['reconciliation', ...args], env);

describe('reconciliation list', () => {
  it('is two tables for people, and JSON for machines', async () => {
    const { code, out } = await reconciliation(['list', 'acme', '--day', '2027-01-31', '--all']);
    expect([code, api.seen[0]?.line]).toEqual([0, 'GET /reconciliation?day=2027-01-31&open=false&limit=50']);
    expect(out.split('\n')).toEqual([
      'Day         Status   Differences  Healed  Started (UTC)',
      '2027-01-31  differs  2            1       2027-02-01 02:00:00',
      '',
      'No.  Day         Difference  Object  Amount     State',
      '7    2027-01-31  hold_left   pi_1    52.50 USD  open',
      '6    2027-01-31  hold_left   pi_0    52.50 USD  closed by ada',
    ]);
    expect(JSON.parse((await reconciliation(['list', 'acme', '--json'])).out)).toEqual(api.next.body);
    expect(api.seen[1]?.line).toBe('GET /reconciliation?open=true&limit=50');
  });
});

describe('reconciliation close', () => {
  it('says what was closed, and by whom', async () => {
    api.next.body = closed;
    const { code, out } = await reconciliation(['close', 'acme', '7', '--reason', 'voided']);
    expect([code, api.seen[0]]).toEqual([
      0,
      { line: 'POST /reconciliation/differences/7/close', token: 'mine', body: { reason: 'voided' } },
    ]);
    expect(out).toMatch(/^State +closed by ada$/m);
    expect(out).toMatch(/^Kind +hold_left: money is held/m);
  });

  it('is done by an approver of the tenant in the sandbox, the platform included', async () => {
    await api.becomeSandbox();
    api.next.body = closed;
    await reconciliation(['close', 'platform', '7', '--reason', 'a fee', '--as', 'bob'], {});
    expect(decodeJwt(api.seen[0]!.token)).toMatchObject({ tenant: 'platform', roles: ['approver'], sub: 'bob' });
  });

  it('2: no number, no reason', async () => {
    expect((await reconciliation(['close', 'acme', 'pi_1', '--reason', 'x'])).code).toBe(2);
    expect((await reconciliation(['close', 'acme', '7'])).code).toBe(2);
    expect(api.seen).toEqual([]);
  });
});

const ended = (change: object): ReconciliationResult =>
  ({ status: 'clean', compared: { ...noCounts, payments: 3 }, differences: 0, healed: 0, open: 0, ...change }); // prettier-ignore

describe('reconciliation run', () => {
  let temporal: FakeTemporal;
  beforeEach(() => {
    temporal = new FakeTemporal();
  });
  const workflowId = 'reconciliation:acme:2026-01-31';
  async function run(result: ReconciliationResult | undefined, ...args: string[]) {
    temporal.onStart = (started) => {
      if (result) Object.assign(started, { status: 'completed', result });
    };
    const out: string[] = [];
    const code = await runCli(['reconciliation', 'run', 'acme', ...args], {
      env: { TEMPORAL_ADDRESS: 'here:7233' },
      out: (text) => out.push(text),
      err: (text) => out.push(text),
      connect: () => {
        const { client } = temporal;
        return { client, boxoffice: createBoxoffice({ temporal: { client } }), close: async () => undefined };
      },
      setUpContract: () => Promise.reject(new Error('not to be called')),
    });
    return { code, out: out.join('\n') };
  }

  it('0: clean, or all of it healed; 1: something waits for a person', async () => {
    const agreed = await run(ended({}), '2026-01-31');
    expect(agreed.code).toBe(0);
    expect(agreed.out).toMatch(/^Compared +payments 3$/m);
    expect(agreed.out).toContain('agree');
    temporal.runs.delete(workflowId);
    expect((await run(ended({ status: 'differs', differences: 1, healed: 1 }), '2026-01-31')).code).toBe(0);
    temporal.runs.delete(workflowId);
    const open = await run(ended({ status: 'differs', differences: 2, healed: 1, open: 1 }), '2026-01-31');
    expect([open.code, open.out]).toEqual([1, expect.stringContaining('2 found, 1 healed, 1 open')]);
  });

  it('0: it is not over yet', async () => {
    temporal.standing = {
      stage: 'comparing',
      attention: 'none',
      moneyMoved: 'none',
      next: 'On it.',
      counts: { ...noCounts, tickets: 9 },
    };
    const { code, out } = await run(undefined, '2026-01-31', '--wait', '1');
    expect([code, out]).toEqual([0, expect.stringMatching(/^Stage +comparing$/m)]);
    expect(out).toMatch(/^Compared +tickets 9$/m);
  });

  it('2: a day that is none, or is to come', async () => {
    for (const day of ['yesterday', '2026-02-30', '2099-01-01']) expect((await run(undefined, day)).code, day).toBe(2);
    expect(temporal.runs.size).toBe(0);
  });
});
