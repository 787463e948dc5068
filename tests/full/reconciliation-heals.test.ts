/** Webhooks that never came, said by reconciliation, in a world of real servers: what follows is what they would have begun. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { dayOf } from '../../contracts/days.ts';
import { refundReturnWorkflowId } from '../../contracts/ids.ts';
import type { RefundReturnResult } from '../../contracts/dispute.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { createDisputeDesk } from '../support/disputing.ts';
import { openShop, type Shop } from '../support/purchases.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop(await readEndpoints(inject('worldDir')));
});
afterAll(() => shop.close());

async function sell() {
  const order = shop.order();
  const end = await (await shop.boxoffice.payments.purchase(order, { deadlineMs: 60_000 })).result();
  expect(end.status).toBe('completed');
  return { order, end };
}

test('a dispute and a failed refund that no webhook told of are begun, once, and the difference closes', async () => {
  const { boxoffice, client, tenantId } = shop;
  const desk = createDisputeDesk(shop);
  const [disputed, refunded] = await Promise.all([sell(), sell()]);
  const request = desk.refunds.request(refunded.order);
  await (await desk.refunds.start(request)).result();
  const [refund] = await desk.refunds.atProvider(refunded.order);
  const day = dayOf(Date.now());
  const { dispute, result } = await desk.withWebhooks({ mode: 'drop' }, async () => {
    const opened = await desk.open(disputed.order);
    await desk.failLater(refund!.id);
    const started = await boxoffice.reconciliation.run({ tenantId, day });
    return { dispute: opened, result: await started.result({ deadlineMs: 60_000 }) };
  });

  expect(result).toMatchObject({ status: 'differs' });
  const { differences } = await boxoffice.reconciliation.list({ day, open: false, limit: 200 });
  const own = (objectId: string) => differences.filter((one) => one.objectId === objectId);
  const healed = { healedAt: expect.any(String) as string, closedBy: 'reconciliation' };
  expect(own(dispute.id)).toMatchObject([{ kind: 'dispute_unknown', ...healed }]);
  expect(own(refund!.id)).toMatchObject([{ kind: 'refund_status', ...healed }]);

  await dispute.until('respond');
  const returned = client.workflow.getHandle<() => Promise<RefundReturnResult>>(
    refundReturnWorkflowId(tenantId, request.refundId),
  );
  expect(await returned.result()).toMatchObject({ status: 'returned', amount: refunded.order.amount });
  await dispute.decide('won', true);
  expect(await dispute.handle.result()).toMatchObject({ status: 'won' });
  expect(await shop.wrongs([disputed, refunded])).toEqual({});
});
