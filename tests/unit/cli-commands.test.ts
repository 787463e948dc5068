import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTokenVerifier } from '../../api/tokens.ts';
import { runCli } from '../../cli/program.ts';
import { createBoxoffice } from '../../client/index.ts';
import {
  createSigningKey,
  publicKeysOf,
  sandboxAudience,
  sandboxIssuer,
  writeSigningKey,
} from '../../sandbox/tokens.ts';
import type { RefundRequest, RefundResult } from '../../contracts/refund.ts';
import { FakeTemporal } from '../support/fake-temporal.ts';
import { authorized, cancelled, completed, orderOf } from '../support/orders.ts';
import { exceeds, notRefunded, refunded, refundPending, requestOf } from '../support/refund-requests.ts';

const workflowId = 'payment:acme:key-1';
let dir: string;
let temporal: FakeTemporal;
let connected: string[];

beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'boxoffice-cli-'));
  temporal = new FakeTemporal();
  temporal.onStart = (run) => {
    run.early = authorized;
  };
  connected = [];
  await createBoxoffice({ temporal: { client: temporal.client } }).payments.purchase(orderOf());
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function cli(args: readonly string[], env: Record<string, string> = { TEMPORAL_ADDRESS: 'here:7233' }) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCli(['--dir', dir, ...args], {
    env,
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    connect: ({ temporal: { address, namespace } }) => {
      connected.push(`${address} ${namespace}`);
      const { client } = temporal;
      return { client, boxoffice: createBoxoffice({ temporal: { client } }), close: async () => undefined };
    },
    setUpContract: async () => ({ what: 'contract', done: 'skipped', detail: '' }),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

describe('payments show', () => {
  it('is a table for people', async () => {
    temporal.close(workflowId, completed);
    const { code, out } = await cli(['payments', 'show', 'acme', 'key-1']);
    expect(code).toBe(0);
    expect(out).toMatch(/^Purchase +payment:acme:key-1$/m);
    expect(out).toMatch(/^Stage +completed$/m);
    expect(out).toMatch(/^Amount +52\.50 USD$/m);
    expect(out).toMatch(/^Tickets +seat-1$/m);
  });

  it('is JSON for machines', async () => {
    const { out } = await cli(['payments', 'show', 'acme', 'key-1', '--json']);
    expect(JSON.parse(out)).toMatchObject({ id: 'key-1', workflowId, stage: 'minting', moneyMoved: 'held' });
  });

  it('1: there is none', async () => {
    const { code, err } = await cli(['payments', 'show', 'acme', 'other']);
    expect(code).toBe(1);
    expect(err).toContain('Temporal knows no payment:acme:other');
  });

  it('69: Temporal is away', async () => {
    temporal.reachable = false;
    const { code, err } = await cli(['payments', 'show', 'acme', 'key-1', '--json']);
    expect(code).toBe(69);
    expect(JSON.parse(err).error).toMatchObject({ code: 'unavailable', moneyMoved: 'unknown' });
  });
});

describe('payments list', () => {
  it('shows amounts in their currency', async () => {
    const { code, out } = await cli(['payments', 'list', '--tenant', 'acme']);
    expect(code).toBe(0);
    const [heading, row] = out.split('\n');
    expect(heading).toMatch(/^TENANT +KEY +STAGE/);
    expect(row).toMatch(/^acme +key-1 +started +52\.50 USD +1970-/);
  });

  it.each([
    [['--limit', '0'], 'whole number'],
    [['--attention', 'nobody'], 'attention is "nobody"'],
    [['--tenant', 'a:b'], 'tenantId is "a:b"'],
  ])('2: %s', async (args, message) => {
    const { code, err } = await cli(['payments', 'list', ...args]);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});

describe('payments cancel', () => {
  const cancel = ['payments', 'cancel', 'acme', 'key-1', '--reason', 'buyer called'];

  it('0: the end', async () => {
    temporal.run(workflowId).result = cancelled;
    const { code, out } = await cli([...cancel, '--actor', 'clerk-7']);
    expect(code).toBe(0);
    expect(out).toMatch(/^Stage +cancelled$/m);
    expect(temporal.run(workflowId).updates.at(-1)?.input).toEqual({ actor: 'clerk-7', reason: 'buyer called' });
  });

  it('1: too late', async () => {
    temporal.close(workflowId, completed);
    const { code, out } = await cli(cancel);
    expect(code).toBe(1);
    expect(out).toContain('a refund is the way back');
  });

  it('0: recorded, where the end takes longer than one waits', async () => {
    const { code, out } = await cli([...cancel, '--wait', '1', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ status: 'pending', moneyMoved: 'unknown' });
    expect(temporal.run(workflowId).signals).toHaveLength(1);
  });

  it('2: without a reason', async () => {
    const { code, err } = await cli(['payments', 'cancel', 'acme', 'key-1']);
    expect(code).toBe(2);
    expect(err).toContain('--reason');
  });
});

/** What a refund ends with as soon as it runs. */
const endsWith = (result: RefundResult) => {
  temporal.onStart = (run) => Object.assign(run, { status: 'completed', result });
};

describe('refunds request', () => {
  const refundId = 'refund:acme:refund-1';
  const args = ['refunds', 'request', 'acme', 'key-1', '--refund-id', 'refund-1', '--reason', 'the show moved'];
  it('0: all that is left, tickets kept', async () => {
    endsWith(refunded);
    const { code, out } = await cli(args);
    expect(code).toBe(0);
    expect(out).toMatch(/^Refund +refund:acme:refund-1$/m);
    expect(out).toMatch(/^Money +refunded$/m);
    expect(out).toMatch(/^Amount +52\.50 USD$/m);
    expect(temporal.run(refundId).input).toMatchObject({ request: requestOf({ requestedBy: 'operator' }) });
  });

  it.each<[string, string[], Partial<RefundRequest>]>([
    ['an amount', ['--amount', '12345678'], { amount: 12_345_678 }],
    [
      'tickets, burned',
      ['--ticket', 'seat-1', 'seat-2', '--burn', '--actor', 'clerk-7'],
      { ticketIds: ['seat-1', 'seat-2'], tickets: 'burn', requestedBy: 'clerk-7' },
    ],
  ])('0: %s', async (_, more, change) => {
    endsWith(refunded);
    expect((await cli([...args, ...more])).code).toBe(0);
    const request = requestOf({ requestedBy: 'operator', ...change });
    expect(temporal.run(refundId).input).toMatchObject({ request });
  });

  it.each([
    ['rejected', exceeds, '250 (minor units) can be refunded'],
    ['failed', notRefunded, 'pay the buyer in another way'],
  ])('1: %s, with what to do', async (stage, result, words) => {
    endsWith(result);
    const { code, out } = await cli(args);
    expect([code, out]).toEqual([1, expect.stringMatching(new RegExp(`^Stage +${stage}$`, 'm'))]);
    expect(out).toContain(words);
  });

  it('1: another request under the same id', async () => {
    endsWith(refunded);
    await cli(args);
    const { code, err } = await cli([...args, '--amount', '100', '--json']);
    expect([code, JSON.parse(err).error.code]).toEqual([1, 'key_reused']);
  });

  it('0: not ended yet, where it takes longer than one waits', async () => {
    temporal.standing = refundPending;
    const { code, out } = await cli([...args, '--wait', '1', '--json']);
    expect([code, JSON.parse(out)]).toEqual([0, { id: 'refund-1', workflowId: refundId, ...refundPending }]);
  });

  it.each([
    [['--amount', '1.5'], 'minor unit'],
    [['--amount', '9007199254740993'], 'minor unit'],
    [['--amount', '100', '--burn'], 'tickets is "burn"'],
    [['--amount', '100', '--ticket', 'seat-1'], 'either amount or ticketIds'],
  ])('2: %s', async (more, message) => {
    const { code, err } = await cli([...args, ...more]);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    expect(temporal.runs.has(refundId)).toBe(false);
  });
});

describe('refunds show', () => {
  it('is where it stands, or ended', async () => {
    await createBoxoffice({ temporal: { client: temporal.client } }).refunds.request(requestOf());
    temporal.standing = refundPending;
    const { out } = await cli(['refunds', 'show', 'acme', 'refund-1']);
    expect(out).toMatch(/^Waits for +provider$/m);
    temporal.close('refund:acme:refund-1', { ...refunded, burned: ['seat-1'] });
    const ended = await cli(['refunds', 'show', 'acme', 'refund-1']);
    expect(ended.out).toMatch(/^At Stripe +re_1$/m);
    expect(ended.out).toMatch(/^Burned +seat-1$/m);
  });

  it('1: there is none', async () => {
    const { code, err } = await cli(['refunds', 'show', 'acme', 'other']);
    expect([code, err]).toEqual([1, expect.stringContaining('Temporal knows no refund:acme:other')]);
  });
});

describe('where Temporal is', () => {
  const endpoints = { temporal: { address: '127.0.0.1:9', namespace: 'sandbox' }, webUi: 'http://127.0.0.1:8233' };

  it('comes from the environment first', async () => {
    writeFileSync(path.join(dir, 'endpoints.json'), JSON.stringify(endpoints));
    await cli(['payments', 'list'], { TEMPORAL_ADDRESS: 'there:7233', TEMPORAL_NAMESPACE: 'prod' });
    expect(connected).toEqual(['there:7233 prod']);
  });

  it('else from the sandbox, with links to its Web UI', async () => {
    writeFileSync(path.join(dir, 'endpoints.json'), JSON.stringify(endpoints));
    const { out } = await cli(['payments', 'show', 'acme', 'key-1'], {});
    expect(connected).toEqual(['127.0.0.1:9 sandbox']);
    expect(out).toContain('http://127.0.0.1:8233/namespaces/sandbox/workflows/payment%3Aacme%3Akey-1');
  });

  it('2: neither', async () => {
    const { code, err } = await cli(['payments', 'list'], {});
    expect(code).toBe(2);
    expect(err).toMatch(/TEMPORAL_ADDRESS is not set .* "npm run sandbox"/);
  });
});

describe('token', () => {
  it("is accepted by the API's verifier", async () => {
    const key = await createSigningKey();
    await writeSigningKey(dir, key);
    const { code, out } = await cli(['token', '--tenant', 'acme', '--role', 'service', 'viewer']);
    expect(code).toBe(0);
    const verify = createTokenVerifier({
      issuer: sandboxIssuer,
      audience: sandboxAudience,
      keys: { jwks: publicKeysOf(key) },
    });
    expect(await verify(out)).toEqual({ subject: 'service-viewer', tenantId: 'acme', roles: ['service', 'viewer'] });
    expect(JSON.stringify(publicKeysOf(key))).not.toContain(String(key.d));
  });

  it.each([
    [['--role', 'service'], 'no sandbox runs here'],
    [['--role', 'king'], '--role king is not one of'],
    [['--role', 'service', '--minutes', '61'], '60 at most'],
  ])('2: %s', async (args, message) => {
    const { code, err } = await cli(['token', '--tenant', 'acme', ...args]);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});

describe('usage', () => {
  it('0: --help, with the exit codes', async () => {
    const { code, out } = await cli(['--help']);
    expect(code).toBe(0);
    expect(out).toContain('Exit codes: 0 done');
  });

  it('2: an unknown command', async () => {
    const { code, err } = await cli(['payments', 'shw']);
    expect(code).toBe(2);
    expect(err).toContain('unknown command');
  });
});
