import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../cli/program.ts';
import { type Boxoffice, createBoxoffice } from '../../client/index.ts';
import type { PayoutResult } from '../../contracts/payout.ts';
import { FakeTemporal } from '../support/fake-temporal.ts';
import { paidOut, payoutExceeds, payoutInTransit, payoutOf, payoutReturned } from '../support/payout-requests.ts';

const workflowId = 'payout:acme:payout-1';
const statement = {
  payoutId: 'payout-1', venueId: 'arena', currency: 'USD', status: 'paid', amount: 8_550, openingBalance: 0,
  closingBalance: 0,
  lines: [
    {
      kind: 'purchase', occurredAt: '2027-01-01T09:30:00.000Z', paymentKey: 'key-1',
      gross: 10_000, platformFee: -500, reserve: -950, net: 8_550,
    },
    { kind: 'reserve', occurredAt: '2027-01-08T00:00:00.000Z', gross: 0, platformFee: 0, reserve: 100, net: 100 },
  ],
}; // prettier-ignore

let temporal: FakeTemporal;
let server: Server;
let env: Record<string, string>;
let seen: string[];
let scheduled: unknown[];

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(statement));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  env = { TEMPORAL_ADDRESS: 'here:7233', BOXOFFICE_API_URL: url, BOXOFFICE_API_TOKEN: 'mine' };
});
afterAll(() => server.close());
beforeEach(() => {
  temporal = new FakeTemporal();
  temporal.standing = payoutInTransit;
  seen = [];
  scheduled = [];
});

/** Schedules are the client's own business (client-payouts.test.ts); here only what it is asked for. */
function boxofficeOf(): Boxoffice {
  const real = createBoxoffice({ temporal: { client: temporal.client } });
  return {
    ...real,
    payouts: {
      ...real.payouts,
      schedule: async (...given) => void scheduled.push(given),
      unschedule: async (...given) => scheduled.push(given) > 1,
    },
  };
}

async function cli(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCli(['payouts', ...args], {
    env,
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    connect: () => ({ client: temporal.client, boxoffice: boxofficeOf(), close: async () => undefined }),
    setUpContract: () => Promise.reject(new Error('not to be called')),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

/** What a payout ends with as soon as it runs. */
const endsWith = (result: PayoutResult) => {
  temporal.onStart = (run) => Object.assign(run, { status: 'completed', result });
};

describe('payouts request', () => {
  const args = ['request', 'acme', 'arena', '--payout-id', 'payout-1', '--reason', 'weekly'];

  it('0: all that is available, paid', async () => {
    endsWith(paidOut);
    const { code, out } = await cli(...args);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^Payout +${workflowId}$`, 'm'));
    expect(out).toMatch(/^Stage +paid$/m);
    expect(out).toMatch(/^Amount +85\.50 USD$/m);
    expect(out).toMatch(/^At Stripe +tr_1, po_1$/m);
    expect(temporal.run(workflowId).input).toMatchObject({ request: payoutOf({ requestedBy: 'operator' }) });
  });

  it('0: an amount, asked for by somebody', async () => {
    endsWith(paidOut);
    expect((await cli(...args, '--amount', '8550', '--actor', 'clerk-7')).code).toBe(0);
    expect(temporal.run(workflowId).input).toMatchObject({ request: payoutOf({ amount: 8_550 }) });
  });

  it('0: not ended yet, where it takes longer than one waits', async () => {
    const { code, out } = await cli(...args, '--wait', '1', '--json');
    expect([code, JSON.parse(out)]).toEqual([0, { id: 'payout-1', workflowId, ...payoutInTransit }]);
  });

  it.each([
    ['rejected', payoutExceeds, '250 (minor units)'],
    ['returned', payoutReturned, 'account_closed'],
  ])('1: %s, with what to do', async (stage, result, words) => {
    endsWith(result);
    const { code, out } = await cli(...args);
    expect([code, out]).toEqual([1, expect.stringMatching(new RegExp(`^Stage +${stage}$`, 'm'))]);
    expect(out).toContain(words);
  });

  it('1: another request under the same id', async () => {
    endsWith(paidOut);
    await cli(...args);
    const { code, err } = await cli(...args, '--amount', '100', '--json');
    expect([code, JSON.parse(err).error.code]).toEqual([1, 'key_reused']);
  });

  it.each([
    [['--amount', '1.5'], 'minor unit'],
    [['--amount', '0'], '1 or more'],
  ])('2: %s', async (more, message) => {
    const { code, err } = await cli(...args, ...more);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    expect(temporal.runs.size).toBe(0);
  });
});

it('payouts show: where it stands, or ended', async () => {
  await createBoxoffice({ temporal: { client: temporal.client } }).payouts.request(payoutOf());
  const { code, out } = await cli('show', 'acme', 'payout-1');
  expect([code, out]).toEqual([0, expect.stringMatching(/^Stage +in transit$/m)]);
  expect(out).toMatch(/^Waits for +provider$/m);
  temporal.close(workflowId, paidOut);
  expect((await cli('show', 'acme', 'payout-1')).out).toMatch(/^Stage +paid$/m);
  expect((await cli('show', 'acme', 'other')).code).toBe(1);
});

describe('payouts statement', () => {
  it('is a table for people', async () => {
    const { code, out } = await cli('statement', 'acme', 'payout-1');
    expect([code, seen]).toEqual([0, ['GET /payouts/payout-1/statement']]);
    expect(out.split('\n')).toEqual([
      'Payout       payout-1',
      'Venue        arena',
      'Status       paid',
      'Owed before  0.00 USD',
      'Paid         85.50 USD',
      'Owed after   0.00 USD',
      '',
      'Booked (UTC)      What      Purchase  Gross   Fee    Reserve  Net',
      '2027-01-01 09:30  purchase  key-1     100.00  -5.00  -9.50    85.50',
      '2027-01-08 00:00  reserve             0.00    0.00   1.00     1.00',
    ]);
  });

  it('is JSON for machines', async () => {
    expect(JSON.parse((await cli('statement', 'acme', 'payout-1', '--json')).out)).toEqual(statement);
  });
});

describe('payouts schedule', () => {
  it.each([
    [['--every', '1 day'], { every: '1 day' }, 'arena is paid every 1 day'],
    [['--cron', '0 6 * * MON'], { cron: '0 6 * * MON' }, 'arena is paid by 0 6 * * MON'],
  ])('0: %j', async (wish, schedule, words) => {
    expect(await cli('schedule', 'acme', 'arena', ...wish)).toMatchObject({ code: 0, out: words });
    expect(scheduled).toEqual([['acme', 'arena', schedule]]);
  });

  it('0: --off, whether there was one or not', async () => {
    expect(await cli('schedule', 'acme', 'arena', '--off')).toMatchObject({ code: 0, out: 'arena had no schedule' });
    const { out } = await cli('schedule', 'acme', 'arena', '--off', '--json');
    expect(JSON.parse(out)).toEqual({ venueId: 'arena', was: true });
  });

  it.each([[[]], [['--every', '1 day', '--off']]])('2: %j', async (wish) => {
    const { code, err } = await cli('schedule', 'acme', 'arena', ...wish);
    expect([code, err]).toEqual([2, expect.stringContaining('give one of --every, --cron and --off')]);
    expect(scheduled).toEqual([]);
  });
});
