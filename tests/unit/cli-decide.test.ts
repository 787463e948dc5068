import { decodeJwt } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { problems } from '../../contracts/problems.ts';
import { useCliApi } from '../support/cli-api.ts';

const workflowId = 'payout:acme:payout-1';
const api = useCliApi({ workflowId, decision: 'approved', approvals: 1, needed: 2 });
const decide = (args: readonly string[], env?: Record<string, string>) => api.run(['decide', workflowId, ...args], env);
const why = ['--reason', 'checked'];

describe('decide', () => {
  it.each([
    ['approve', 'approve'],
    ['mark-succeeded', 'mark_succeeded'],
    ['mark-failed', 'mark_failed'],
  ])('0: %s, as the token of the environment', async (choice, decision) => {
    const { code, out } = await decide([choice, ...why]);
    expect([code, api.seen]).toEqual([
      0,
      [{ line: 'POST /decisions', token: 'mine', body: { workflowId, decision, reason: 'checked' } }],
    ]);
    expect(out).toMatch(/^Approvals +1 of 2$/m);
  });

  it('0: says what is done with which step, or the answer for machines', async () => {
    api.next.body = { workflowId, taken: 'retry', step: 'transfer' };
    expect((await decide(['retry', ...why])).out).toMatch(/^Step +transfer$/m);
    expect(JSON.parse((await decide(['retry', ...why, '--json'])).out)).toEqual(api.next.body);
  });

  it("0: --print prints the JSON for the Web UI's form and nothing else; what it is for goes to stderr", async () => {
    const payload = { actor: 'approver-7', reason: 'checked', proof: 'eyJ' };
    api.next.body = { workflowId, message: 'approve', payload, expiresAt: '2027-01-01T12:10:00.000Z' };
    const { code, out, err } = await decide(['approve', ...why, '--print']);
    expect([code, JSON.parse(out)]).toEqual([0, payload]);
    expect(err).toBe(`For the update or the signal "approve" of ${workflowId}, until 2027-01-01T12:10:00.000Z:`);
    expect(api.seen[0]!.body).toEqual({ workflowId, decision: 'approve', reason: 'checked', send: false });
  });

  it('1: it was not taken, with why', async () => {
    const detail = 'The decision was not taken: whoever asked for it cannot approve it';
    api.next = { status: 409, body: { ...problems.decision_refused, code: 'decision_refused', detail } };
    const { code, err } = await decide(['approve', ...why]);
    expect([code, err]).toEqual([1, expect.stringContaining(detail)]);
  });

  it('69: the API is away', async () => {
    const env = { BOXOFFICE_API_URL: 'http://127.0.0.1:1', BOXOFFICE_API_TOKEN: 'mine' };
    expect((await decide(['approve', ...why], env)).code).toBe(69);
  });

  it.each<[string, string[], Record<string, string> | undefined]>([
    ['"pay" is not one of approve, reject', ['pay', ...why], undefined],
    ['"toString" is not one of', ['toString', ...why], undefined],
    ['--reason', ['approve'], undefined],
    ['BOXOFFICE_API_TOKEN is not set', ['approve', ...why], { BOXOFFICE_API_URL: 'http://127.0.0.1:1' }],
    ['BOXOFFICE_API_URL is not set and no sandbox runs here', ['approve', ...why], {}],
    ['--as is for the sandbox', ['approve', ...why, '--as', 'me'], undefined],
  ])('2: %s', async (message, args, env) => {
    const { code, err } = await decide(args, env);
    expect([code, err, api.seen]).toEqual([2, expect.stringContaining(message), []]);
  });
});

describe('decide in a sandbox', () => {
  beforeEach(() => api.becomeSandbox());

  it.each([
    ["the tenant's approver", [], 'acme-approver'],
    ['somebody else', ['--as', 'acme-approver2'], 'acme-approver2'],
  ])('is as %s, with a token made for it', async (_, more, sub) => {
    expect((await decide(['approve', ...why, ...more], {})).code).toBe(0);
    const { exp = 0, iat = 0, ...token } = decodeJwt(api.seen[0]!.token);
    expect(token).toMatchObject({ sub, tenant: 'acme', roles: ['approver'] });
    expect(exp - iat).toBe(300);
  });
});
