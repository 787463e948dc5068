import { describe, expect, it } from 'vitest';
import { runCli } from '../../cli/program.ts';
import { createBoxoffice } from '../../client/index.ts';
import { dayOf, lastClosedDay } from '../../contracts/days.ts';
import { useCliApi } from '../support/cli-api.ts';
import { FakeTemporal } from '../support/fake-temporal.ts';

const entry = {
  venueId: 'arena',
  day: '2026-01-31',
  sha256: 'abcdef'.repeat(10),
  createdAt: '2026-02-01T03:00:00.000Z',
};
const totals = {
  captured: 10_000,
  platformFees: 500,
  providerFees: 320,
  refunded: 0,
  disputed: 0,
  disputeFees: 0,
  paidOut: 0,
};
const accounts = [{ account: 'stripe_balance', opening: 5_000, change: 9_680, closing: 14_680 }];
const report = { ...entry, tenantId: 'acme', currencies: [{ currency: 'USD', totals, accounts, movements: [] }] };

const api = useCliApi(report);

describe('reports get', () => {
  it('is tables for people, and asks as the tenant', async () => {
    const { code, out } = await api.run(['reports', 'get', 'acme', 'arena', '2026-01-31']);
    expect(code).toBe(0);
    expect(out).toMatch(/^Captured +100\.00 USD$/m);
    expect(out).toMatch(/^stripe_balance +50\.00 +96\.80 +146\.80$/m);
    expect(api.seen).toMatchObject([{ line: 'GET /reports/arena/2026-01-31?format=json', token: 'mine' }]);
  });

  it('is what the API said with --json, and says so when nothing has moved', async () => {
    expect(JSON.parse((await api.run(['reports', 'get', 'acme', 'arena', '2026-01-31', '--json'])).out)).toEqual(
      report,
    );
    api.next = { status: 200, body: { ...report, currencies: [] } };
    expect((await api.run(['reports', 'get', 'acme', 'arena', '2026-01-31'])).out).toContain('No money has moved.');
  });

  it('asks for the CSV as it is kept', async () => {
    await api.run(['reports', 'get', 'acme', 'arena', '2026-01-31', '--csv']);
    expect(api.seen).toMatchObject([{ line: 'GET /reports/arena/2026-01-31?format=csv' }]);
  });

  it('2: no day; the field is named, and nobody is asked', async () => {
    const { code, err } = await api.run(['reports', 'get', 'acme', 'arena', 'yesterday']);
    expect(code).toBe(2);
    expect(err).toContain('day is "yesterday"');
    expect(api.seen).toEqual([]);
  });
});

it('reports list: newest first, of one venue', async () => {
  await api.becomeSandbox();
  api.next = { status: 200, body: { reports: [entry] } };
  const { code, out } = await api.run(['reports', 'list', 'acme', '--venue', 'arena', '--limit', '5'], {});
  expect(code).toBe(0);
  expect(out.split('\n')[1]).toMatch(/^2026-01-31 +arena +2026-02-01T03:00:00\.000Z +abcdefabcdef$/);
  expect(api.seen[0]!.line).toBe('GET /reports?limit=5&venueId=arena');
  const claims: unknown = JSON.parse(Buffer.from(api.seen[0]!.token.split('.')[1]!, 'base64url').toString());
  expect(claims).toMatchObject({ tenant: 'acme', roles: ['viewer'] });
});

describe('reports make', () => {
  const day = lastClosedDay(Date.now());

  async function make(result: object, given = day) {
    const temporal = new FakeTemporal();
    temporal.onStart = (run) => Object.assign(run, { status: 'completed', result });
    const [out, err]: [string[], string[]] = [[], []];
    const { client } = temporal;
    const code = await runCli(['reports', 'make', 'acme', 'arena', given], {
      env: { TEMPORAL_ADDRESS: 'here:7233' },
      out: (text) => out.push(text),
      err: (text) => err.push(text),
      connect: () => ({ client, boxoffice: createBoxoffice({ temporal: { client } }), close: async () => undefined }),
      setUpContract: () => Promise.reject(new Error('not to be called')),
    });
    return { code, out: out.join('\n'), err: err.join('\n'), temporal };
  }

  it('0: made, and where it is', async () => {
    const { code, out, temporal } = await make({ status: 'completed', location: '/reports/arena/x', sha256: 'a' });
    expect(code).toBe(0);
    expect(out).toMatch(/^Location +\/reports\/arena\/x$/m);
    expect(temporal.run(`report:acme:arena:${day}`).request).toMatchObject({
      workflowType: { name: 'generateReport' },
      taskQueue: { name: 'background' },
      workflowIdReusePolicy: 1, // ALLOW_DUPLICATE
      priority: { priorityKey: 4 },
    });
  });

  it('1: refused', async () => {
    const { code, out } = await make({ status: 'refused', reason: 'no_venue' });
    expect(code).toBe(1);
    expect(out).toMatch(/^Reason +no_venue$/m);
  });

  it('2: a day that is not over', async () => {
    const { code, err, temporal } = await make({}, dayOf(Date.now()));
    expect(code).toBe(2);
    expect(err).toContain(`accepted is a day whose books are closed, ${day} at the latest`);
    expect(temporal.runs.size).toBe(0);
  });
});
