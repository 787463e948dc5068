/** Dead letters under people's hands, on real parts: found, resolved by the dozen, sent again. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createDeadLetterCalls } from '../../client/dead-letters.ts';
import { ApiError } from '../../client/index.ts';
import type { DeadLetterBatchResult } from '../../contracts/dead-letters.ts';
import type { SmsRequest } from '../../contracts/sms.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { until } from '../../sandbox/processes/until.ts';
import { parkPurchase, worldCli } from '../support/parked.ts';
import { openShop, type Shop } from '../support/purchases.ts';
import { createTextDesk, type TextDesk } from '../support/texting.ts';

const worldDir = inject('worldDir');
const cli = worldCli(worldDir);
const withinMs = 20_000;
const since = new Date().toISOString();

let shop: Shop;
let desk: TextDesk;
beforeAll(async () => {
  shop = await openShop(await readEndpoints(worldDir));
  desk = createTextDesk(shop);
});
afterAll(() => Promise.all([shop.close(), desk.close()]));

const lettersOf = (who: 'approver' | 'viewer') =>
  createDeadLetterCalls({ url: shop.endpoints.api, token: shop.endpoints.tokens['acme']![who]! });

async function batch(key: string, ...which: string[]): Promise<{ code: number; result: DeadLetterBatchResult }> {
  const reason = ['--reason', 'the key at Stripe is right again'];
  const args = ['dead-letters', 'resolve-many', ...which, '--tenant', 'acme', '--key', key, ...reason, '--json'];
  const { code, out, err } = await cli(...args);
  expect([err, out]).toEqual(['', expect.stringContaining('"result"')]);
  return { code, result: (JSON.parse(out) as { result: DeadLetterBatchResult }).result };
}

test.concurrent(
  'purchases that wait are found, cannot be closed, and go on by one decision, after a dry run',
  async () => {
    const parked = await Promise.all([parkPurchase(shop, 1), parkPurchase(shop, 1)]);
    const workflowIds = parked.map(({ workflowId }) => workflowId);
    const filter = { queue: 'money', jobType: 'payment-process', since };
    const [approver, viewer] = [lettersOf('approver'), lettersOf('viewer')];

    const { letters } = await viewer.list(filter);
    expect(letters.map(({ workflowId }) => workflowId).toSorted()).toEqual(workflowIds.toSorted());
    const { error, id } = letters[0]!;
    expect(await viewer.groups(filter)).toMatchObject([{ error, step: 'capture', count: 2 }]);
    expect(await viewer.get(id)).toMatchObject({
      workflow: 'running',
      waiting: { step: 'capture', choices: ['retry', 'mark_failed'] },
    });
    const closing = approver.close(id, 'seen');
    await expect(closing).rejects.toBeInstanceOf(ApiError);
    await expect(closing).rejects.toMatchObject({ code: 'letter_waits' });
    await expect(viewer.resolve(id, 'retry', 'why')).rejects.toMatchObject({ code: 'forbidden' });

    // What cannot be, and what can: nothing is sent for either.
    const key = `outage-${shop.venueId}`;
    const which = ['--queue', 'money', '--error', error, '--since', since];
    const impossible = await batch(`${key}-0`, 'mark-succeeded', ...which, '--dry-run');
    expect(impossible).toMatchObject({
      code: 1,
      result: { report: { refused: 2, letters: [{ because: 'not_possible' }, {}] } },
    });
    const possible = await batch(`${key}-1`, 'retry', ...which, '--dry-run');
    expect(possible).toMatchObject({ code: 0, result: { report: { dryRun: true, accepted: 2 } } });
    expect((await viewer.list(filter)).letters).toHaveLength(2);

    const done = await batch(key, 'retry', ...which);
    expect(done).toMatchObject({
      code: 0,
      result: { status: 'completed', report: { total: 2, accepted: 2, left: 0 } },
    });
    for (const { order } of parked) {
      const end = await shop.boxoffice.payments.get('acme', order.idempotencyKey).result({ deadlineMs: withinMs });
      expect([end.status, await shop.wrongs([{ order, end }])]).toEqual(['completed', {}]);
      const { charges, deadLetters } = await shop.audit.purchase('acme', order.idempotencyKey);
      expect([charges, deadLetters]).toMatchObject([1, [{ step: 'capture', resolved: true }]]);
    }
    expect((await viewer.list(filter)).letters).toEqual([]);
    const recorded = (await viewer.list({ ...filter, state: 'closed' })).letters;
    expect(recorded.map(({ outcome }) => outcome)).toEqual(['known', 'known']);

    // The same again is the same; under its key there is no other.
    expect(await batch(key, 'retry', ...which)).toEqual(done);
    const other = cli(
      'dead-letters',
      'resolve-many',
      'compensate',
      ...which,
      '--tenant',
      'acme',
      '--key',
      key,
      '--reason',
      'x',
    );
    expect(await other).toMatchObject({ code: 1, err: expect.stringContaining('another body') as string });
  },
);

test.concurrent('a text message that was given up is sent again, once, and its letter says by whom', async () => {
  const phone = await desk.phone();
  await desk.control('plans', { to: phone.number, refuse: 21612, times: 1 });
  const request: SmsRequest = {
    tenantId: shop.tenantId, messageKey: randomUUID(), phoneRef: phone.phoneRef,
    message: { template: 'event-cancelled', eventId: shop.eventId },
  }; // prettier-ignore
  const sending = await shop.boxoffice.sms.send(request);
  expect(await sending.result()).toEqual({ status: 'undeliverable', reason: '21612' });
  await desk.minuteLater(request);
  const approver = lettersOf('approver');
  const { letters } = await approver.list({ jobType: 'send-sms', since });
  const letter = letters.find(({ workflowId }) => workflowId === sending.workflowId)!;
  expect(letter).toMatchObject({ step: 'send', error: '21612', moneyMoved: 'none', retries: [] });

  const answers = await Promise.all([1, 2].map(() => approver.resolve(letter.id, 'retry', 'the route is open again')));
  expect(answers).toMatchObject([{ taken: 'retry', step: 'send' }, { taken: 'retry' }]);
  const resolved = async () => (await approver.get(letter.id)).outcome === 'sent';
  expect(await until(resolved, { withinMs })).toBe(true);
  expect(await phone.texts()).toHaveLength(1);
  const retries = [{ by: 'acme-approver', evidence: 'the route is open again', attempts: 1 }];
  expect(await approver.get(letter.id)).toMatchObject({ status: 'closed', retries });
  await expect(approver.resolve(letter.id, 'retry', 'again')).rejects.toMatchObject({ code: 'already_ended' });
  expect(await phone.texts()).toHaveLength(1);
});

test('nothing of all this is left running or unexplained', async () => {
  expect(await shop.running()).toBe(0);
  expect(await shop.wrongsOfWorld()).toEqual([]);
});
