import { beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../cli/program.ts';
import { createBoxoffice } from '../../client/index.ts';
import type { DisputeResult, DisputeStatus } from '../../contracts/dispute.ts';
import { FakeTemporal } from '../support/fake-temporal.ts';

const workflowId = 'dispute:acme:dp_1';
const event = { provider: 'stripe', eventId: 'evt_1', type: 'charge.dispute.created', objectId: 'dp_1' } as const;
const respond: DisputeStatus = {
  stage: 'respond',
  attention: 'review',
  next: 'Submit evidence.',
  evidenceDueBy: '2027-01-10T12:00:00.000Z',
};
const lost: DisputeResult = {
  status: 'lost',
  amount: 10_500,
  currency: 'USD',
  fee: 1_500,
  locked: ['seat-1', 'seat-2'],
};
let temporal: FakeTemporal;

beforeEach(async () => {
  temporal = new FakeTemporal();
  temporal.standing = respond;
  const boxoffice = createBoxoffice({ temporal: { client: temporal.client } });
  await boxoffice.disputes.deliver({ tenantId: 'acme', disputeId: 'dp_1', paymentKey: 'key-1' }, event);
});

async function show(disputeId: string, ...more: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCli(['disputes', 'show', 'acme', disputeId, ...more], {
    env: { TEMPORAL_ADDRESS: 'here:7233' },
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    connect: () => {
      const { client } = temporal;
      return { client, boxoffice: createBoxoffice({ temporal: { client } }), close: async () => undefined };
    },
    setUpContract: () => Promise.reject(new Error('not to be called')),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

describe('disputes show', () => {
  it('0: while evidence is wanted, until when', async () => {
    const { code, out } = await show('dp_1');
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      `Dispute      ${workflowId}`,
      'Stage        respond',
      'Waits for    review',
      'Evidence by  2027-01-10T12:00:00.000Z',
      'Next         Submit evidence.',
    ]);
    expect(JSON.parse((await show('dp_1', '--json')).out)).toEqual({ id: 'dp_1', workflowId, ...respond });
  });

  it('0: lost, with what is gone and which tickets are locked', async () => {
    temporal.close(workflowId, lost);
    const { code, out } = await show('dp_1');
    expect(code).toBe(0);
    expect(out).toMatch(/^Stage +lost$/m);
    expect(out).toMatch(/^Amount +105\.00 USD$/m);
    expect(out).toMatch(/^Fee +15\.00 USD$/m);
    expect(out).toMatch(/^Locked +seat-1, seat-2$/m);
    temporal.close(workflowId, { status: 'withdrawn' } satisfies DisputeResult);
    expect((await show('dp_1')).out).not.toMatch(/^(Amount|Fee|Locked)/m);
  });

  it('1: no event has told of it', async () => {
    const { code, err } = await show('dp_2');
    expect([code, err]).toEqual([1, expect.stringContaining('Temporal knows no dispute:acme:dp_2')]);
  });

  it('2: no id', async () => {
    const { code, err } = await show('a:b');
    expect([code, err]).toEqual([2, expect.stringContaining('disputeId is "a:b"')]);
  });
});
