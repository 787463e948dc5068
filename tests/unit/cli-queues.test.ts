import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import { untouched } from '../../contracts/lane-control.ts';
import { laneViewOf } from '../../contracts/lane-words.ts';
import type { Job } from '../../contracts/queue-views.ts';
import { useCliApi } from '../support/cli-api.ts';
import { statusOf } from '../support/lane-twins.ts';
import { viewOf } from '../support/queue-twins.ts';

const changed = { lane: 'stripe', settings: { ...untouched, stopped: true }, inForce: true, queue: 'held' };
const api = useCliApi(changed);
const at = '2027-01-01T12:30:45.000Z';
const money = viewOf('money', {
  waiting: 60,
  oldestSeconds: 700,
  active: 60,
  waitingForPerson: 10,
  workers: [{ identity: '7@worker-1', lastSeenAt: at }],
});

describe('queues', () => {
  it('is a table for people', async () => {
    api.next.body = { queues: [money, viewOf('stripe', { paused: true, waiting: 3, oldestSeconds: 0.4 })] };
    const { code, out } = await api.run(['queues']);
    expect([code, api.seen[0]?.line]).toEqual([0, 'GET /queues']);
    expect(out.split('\n')).toEqual([
      'Queue   Waiting  Oldest  Active  For a person  Workers  State',
      'money   60       12 min  60      10            1',
      'stripe  3        < 1 s   –       –             0        paused',
    ]);
  });

  it('show: one of them, with its workers', async () => {
    api.next.body = money;
    const { out } = await api.run(['queues', 'show', 'money']);
    expect([api.seen[0]?.line, out]).toEqual([
      'GET /queues/money',
      expect.stringContaining(`7@worker-1, last seen ${at}`),
    ]);
    api.next.body = viewOf('stripe');
    expect((await api.run(['queues', 'show', 'stripe'])).out).toMatch(/Workers .*none within the last minutes/);
  });

  it("jobs: the token's, by filter; or of a tenant of the sandbox", async () => {
    const job: Job = {
      workflowId: 'payment:acme:k1', runId: 'r', jobType: 'payment-process', status: 'running', stage: 'minting',
      attention: 'none', startedAt: at,
    }; // prettier-ignore
    api.next.body = { jobs: [job], nextCursor: 'abc' };
    const filter = ['--status', 'running', '--job-type', 'payment-process', '--limit', '1'];
    const { out } = await api.run(['queues', 'jobs', 'money', ...filter]);
    expect(api.seen[0]?.line).toBe('GET /queues/money/jobs?limit=1&status=running&jobType=payment-process');
    expect(out.split('\n')).toEqual([
      'Workflow         Job              Status   Stage    Waits for  Started                   Ended',
      'payment:acme:k1  payment-process  running  minting             2027-01-01T12:30:45.000Z',
      'More: --cursor abc',
    ]);
    await api.becomeSandbox();
    await api.run(['queues', 'jobs', 'money', '--tenant', 'globex'], {});
    expect(decodeJwt(api.seen[1]!.token)).toMatchObject({ tenant: 'globex', roles: ['viewer'] });
  });

  it.each([
    [['queues', 'jobs', 'stripe'], {}, /holds tasks, not jobs/],
    [['queues', 'show', 'gold'], {}, /one of money/],
    [['queues', 'pause', 'money', '--reason', 'x'], {}, /cannot hold back a queue of workflows/],
    [['queues', 'pause', 'stripe'], {}, /--reason/],
  ])('2: %j', async (args, env, err) => {
    expect(await api.run(args, env)).toMatchObject({ code: 2, err: expect.stringMatching(err) });
    expect(api.seen).toEqual([]);
  });

  it('2: outside of the sandbox the token says whose jobs they are, inside --tenant does', async () => {
    const payload = Buffer.from(JSON.stringify({ tenant: 'globex' })).toString('base64url');
    const other = { ...api.mine(), BOXOFFICE_API_TOKEN: `head.${payload}.signature` };
    const refused = await api.run(['queues', 'jobs', 'money', '--tenant', 'acme'], other);
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('of tenant "globex"') as string });
    expect(api.seen).toEqual([]);
    await api.becomeSandbox();
    expect((await api.run(['metrics', 'failures'], {})).err).toContain('--tenant acme');
  });

  it('pause and resume; 1 while something of it is open', async () => {
    const { code, out } = await api.run(['queues', 'pause', 'stripe', '--reason', 'slow']);
    expect([code, out]).toEqual([0, expect.stringMatching(/Queue +held/)]);
    api.next = { status: 202, body: { ...changed, queue: 'not told', next: 'it is told until it answers' } };
    expect((await api.run(['queues', 'resume', 'stripe', '--reason', 'well'])).code).toBe(1);
    expect(api.seen.map(({ line, body }) => [line, body])).toEqual([
      ['POST /queues/stripe/pause', { reason: 'slow' }],
      ['POST /queues/stripe/resume', { reason: 'well' }],
    ]);
  });
});

describe('metrics', () => {
  it('is the newest samples, the lanes and what is wrong', async () => {
    const stopped = laneViewOf(statusOf('stripe', { settings: { ...untouched, stopped: true } }));
    api.next.body = {
      queues: [
        {
          queue: 'money', waiting: 3, active: 20, waitingForPerson: 10, completed: 170, failed: 0, oldestSeconds: 4,
          capturedAt: at,
        },
        { queue: 'stripe', waiting: 1, active: 2, oldestSeconds: 0, capturedAt: at },
      ],
      lanes: [stopped],
      openAlerts: { info: 0, warning: 2, critical: 1 },
    }; // prettier-ignore
    const { out } = await api.run(['metrics']);
    expect([api.seen[0]?.line, ...out.split('\n')]).toEqual([
      'GET /metrics/summary',
      'Open alerts: 1 critical, 2 warning, 0 info',
      '',
      'Queue   Waiting  Oldest  Active  For a person  Completed  Failed  At (UTC)  State',
      'money   3        4 s     20      10            170        0       12:30:45',
      'stripe  1        –       2       –             –          –       12:30:45  stopped',
    ]);
  });

  it('throughput', async () => {
    api.next.body = { per: 'minute', throughput: [{ queue: 'money', from: at, completed: 170, failed: 1 }] };
    const args = ['metrics', 'throughput', '--queue', 'money', '--per', 'minute', '--hours', '2'];
    expect((await api.run(args)).out.split('\n').at(-1)).toBe('money  2027-01-01 12:30  170        1');
    expect(api.seen[0]?.line).toBe('GET /metrics/throughput?per=minute&hours=2&queue=money');
    expect(JSON.parse((await api.run([...args, '--json'])).out)).toEqual(api.next.body);
  });

  it('failures', async () => {
    api.next.body = {
      since: at,
      queues: [{ queue: 'money', completed: 198, failed: 2, failedPercent: 1 }],
      letters: [
        { queue: 'money', jobType: 'payment-process', error: 'budget_exhausted', count: 2, open: 1, newest: at },
      ],
    };
    expect((await api.run(['metrics', 'failures'])).out.split('\n')).toEqual([
      'Queue  Completed  Failed  Failed %',
      'money  198        2       1',
      '',
      'Job              Error             Count  Open  Newest (UTC)',
      'payment-process  budget_exhausted  2      1     2027-01-01 12:30:45',
    ]);
  });
});
