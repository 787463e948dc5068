import { decodeJwt } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { reportOf } from '../../contracts/dead-letter-words.ts';
import { problems } from '../../contracts/problems.ts';
import { useCliApi } from '../support/cli-api.ts';
import { batchInput, letterOf, mailLetter } from '../support/dead-letter-twins.ts';

const api = useCliApi({});
const run = (args: readonly string[], env?: Record<string, string>) => api.run(['dead-letters', ...args], env);
const why = ['--reason', 'case 4711'];
const open = { ...letterOf(), status: 'open' };

describe('dead-letters list', () => {
  it('is a table for people, with where the next page begins', async () => {
    const mail = { ...mailLetter({ resolvedAt: '2027-01-02T00:00:00.000Z' }), status: 'closed' };
    api.next.body = { letters: [open, mail], nextCursor: '7' };
    const { code, out } = await run([
      'list',
      '--queue',
      'money',
      '--since',
      '2027-01-01',
      '--state',
      'all',
      '--limit',
      '2',
    ]);
    expect([code, api.seen[0]!.line]).toEqual([0, 'GET /dead-letters?queue=money&since=2027-01-01&state=all&limit=2']);
    expect(out.split('\n')).toEqual([
      'Letter  Since (UTC)       State   Workflow              Step     Error             Calls  Money',
      '7       2027-01-01 12:00  open    payment:acme:key-1    capture  budget_exhausted  10     unknown',
      '8       2027-01-01 12:00  closed  email:acme:welcome-1  send     EAUTH             1      none',
      '',
      'more: --cursor 7',
    ]);
    expect(JSON.parse((await run(['list', '--json'])).out)).toEqual(api.next.body);
    api.next.body = { letters: [] };
    expect((await run(['list'])).out).toBe('no dead letters');
  });

  it('groups and counts them', async () => {
    api.next.body = {
      groups: [
        {
          queueName: 'money', jobType: 'payment-process', step: 'capture', error: 'e'.repeat(60), count: 3,
          oldest: '2027-01-01T12:00:00.000Z', newest: '2027-01-02T12:00:00.000Z', moneyMoved: { held: 1, unknown: 2 },
        },
      ],
    }; // prettier-ignore
    const groups = await run(['groups', '--error', 'e']);
    expect(groups.out).toMatch(/^3 +money +payment-process +capture +e{39}… +2027-01-01 12:00 +.* held 1, unknown 2$/m);
    api.next.body = {
      open: 2, byQueue: { money: 2 }, byJobType: { 'payment-process': 2 }, byMoneyMoved: { held: 2 },
      oldest: { failedAt: '2027-01-01T12:00:00.000Z', seconds: 600 }, days: [{ day: '2027-01-01', opened: 2, resolved: 0 }],
    }; // prettier-ignore
    const stats = await run(['stats', '--days', '1']);
    expect(stats.out).toMatch(/^Oldest +2027-01-01T12:00:00\.000Z, 10 min$/m);
    expect(stats.out).toMatch(/^2027-01-01 +2 +0$/m);
    expect(api.seen.map(({ line }) => line)).toEqual([
      'GET /dead-letters/groups?error=e',
      'GET /dead-letters/statistics?days=1',
    ]);
  });
});

describe('dead-letters show, close, resolve', () => {
  it('shows what it can be told, and what was done to it', async () => {
    const retries = [{ by: 'grace', evidence: 'why', at: '2027-01-01T13:00:00.000Z', attempts: 1 }];
    const waiting = { step: 'capture', choices: ['retry', 'mark_failed'] };
    api.next.body = { ...open, retries, workflow: 'running', waiting };
    const { out } = await run(['show', '7']);
    expect(out).toMatch(/^Workflow +payment:acme:key-1 \(running\)$/m);
    expect(out).toMatch(/^Can be told +retry, mark-failed$/m);
    expect(out).toMatch(/^Sent again +2027-01-01T13:00:00\.000Z by grace: why$/m);
  });

  it('closes with a reason, resolves with evidence', async () => {
    api.next.body = {
      ...open,
      status: 'closed',
      closedBy: 'grace',
      closeReason: 'paid',
      resolvedAt: 'T',
      outcome: 'closed',
    };
    expect((await run(['close', '7', ...why])).out).toMatch(/^Closed by +grace: paid$/m);
    api.next.body = { id: '7', workflowId: 'payment:acme:key-1', taken: 'mark_failed', step: 'capture' };
    expect((await run(['resolve', '7', 'mark-failed', ...why])).out).toMatch(/^Taken +mark_failed$/m);
    expect(api.seen.map(({ line, body }) => [line, body])).toEqual([
      ['POST /dead-letters/7/close', { reason: 'case 4711' }],
      ['POST /dead-letters/7/resolve', { decision: 'mark_failed', evidence: 'case 4711' }],
    ]);
  });

  it('1: it still waits, with what to do instead', async () => {
    api.next = { status: 409, body: { ...problems.letter_waits, code: 'letter_waits', detail: 'It runs' } };
    const { code, err } = await run(['close', '7', ...why]);
    expect([code, err]).toEqual([1, expect.stringContaining('boxoffice dead-letters resolve')]);
  });
});

describe('dead-letters export', () => {
  it('prints whole lines as they come: CSV, or one object a line', async () => {
    const csv = await run(['export', '--state', 'all']);
    expect([csv.code, csv.out]).toEqual([0, '{}']);
    await run(['export', '--json', '--job-type', 'send-email']);
    expect(api.seen.map(({ line }) => line)).toEqual([
      'GET /dead-letters/export?state=all',
      'GET /dead-letters/export?jobType=send-email',
    ]);
  });
});

const { batch, letters, more } = batchInput('outage-1', 2);
const viewOf = (outcomes: readonly ('accepted' | 'refused')[]) => {
  const decided = new Map(
    outcomes.map((outcome, index) => {
      const id = String(index + 1);
      return [id, { id, outcome, ...(outcome === 'refused' ? { because: 'not_possible' as const } : {}) }];
    }),
  );
  const result = { status: 'completed', moneyMoved: 'none', report: reportOf({ batch, letters, more }, decided) };
  return { id: 'outage-1', workflowId: 'dead-letters:acme:outage-1', stage: 'completed', next: 'n', ...result, result };
};

const many = (...args: string[]) => run(['resolve-many', 'retry', ...args, '--key', 'outage-1', ...why]);

describe('dead-letters resolve-many', () => {
  it('says what became of each', async () => {
    api.next.body = viewOf(['accepted', 'accepted']);
    const { code, out } = await many('1', '2');
    expect(code).toBe(0);
    expect(out).toMatch(/^Taken +2$/m);
    expect(out).toMatch(/^2 +payment:acme:key-2 +capture +accepted$/m);
    const common = { batchKey: 'outage-1', decision: 'retry', evidence: 'case 4711' };
    await many('--queue', 'money', '--dry-run');
    await many('--all');
    expect(api.seen.map(({ body }) => body)).toEqual([
      { ...common, ids: ['1', '2'] },
      { ...common, filter: { queue: 'money' }, dryRun: true },
      { ...common, filter: {} },
    ]);
  });

  it('1: one was refused, with why', async () => {
    api.next.body = viewOf(['accepted', 'refused']);
    const { code, out } = await many('--all');
    expect([code, out]).toEqual([1, expect.stringContaining('refused: this step cannot be decided like that')]);
  });

  it('shows progress until it has ended, and how far it is when the time is over', async () => {
    const { result: _, ...live } = { ...viewOf(['accepted']), stage: 'deciding' };
    api.next.body = live;
    const { code, err } = await many('--all', '--wait', '1');
    expect([code, err]).toEqual([1, 'letters 2 · taken 1 · refused 0 · closed or ended 0 · unanswered 0 · left 1']);
    expect(api.seen.map(({ line }) => line)).toEqual([
      'POST /dead-letters/resolve',
      'GET /dead-letters/batches/outage-1',
    ]);
  });

  it('looks at one, and stops one', async () => {
    api.next.body = viewOf(['accepted']);
    expect((await run(['batch', 'outage-1'])).out).toMatch(/^Left +1$/m);
    await run(['stop', 'outage-1', ...why]);
    expect(api.seen.map(({ line }) => line)).toEqual([
      'GET /dead-letters/batches/outage-1',
      'POST /dead-letters/batches/outage-1/cancel',
    ]);
  });

  it.each<[string, string[]]>([
    ['say which', []],
    ['say which', ['1', '--all']],
    ['say which', ['--queue', 'money', '--all']],
  ])('2: %s', async (message, args) => {
    const { code, err } = await many(...args);
    expect([code, err, api.seen]).toEqual([2, expect.stringContaining(message), []]);
  });
});

it.each<[string, string[], Record<string, string> | undefined]>([
  ['It has to be one of retry', ['resolve', '7', 'approve', ...why], undefined],
  ['It has to be open, closed or all', ['list', '--state', 'half'], undefined],
  ['--reason', ['close', '7'], undefined],
  ['BOXOFFICE_API_URL is not set and no sandbox runs here', ['list'], {}],
])('2: %s', async (message, args, env) => {
  const { code, err } = await run(args, env);
  expect([code, err, api.seen]).toEqual([2, expect.stringContaining(message), []]);
});

describe('in a sandbox', () => {
  beforeEach(() => api.becomeSandbox());

  it("is the tenant's approver, once it knows the tenant", async () => {
    api.next.body = { letters: [] };
    expect((await run(['list', '--tenant', 'acme'], {})).code).toBe(0);
    expect(decodeJwt(api.seen[0]!.token)).toMatchObject({ sub: 'acme-approver', tenant: 'acme', roles: ['approver'] });
    const { code, err } = await run(['list'], {});
    expect([code, err]).toEqual([2, expect.stringContaining('--tenant acme')]);
  });
});
