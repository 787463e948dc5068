/**
 * A shop for one test file: venue, event, buyer and orders that nobody else has, and what the outside's records say of
 * the purchases made in it.
 */
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { type Boxoffice, createBoxoffice } from '../../client/index.ts';
import { paymentWorkflowId } from '../../contracts/ids.ts';
import type { workflowTypes } from '../../contracts/messages.ts';
import type { Currency } from '../../contracts/money.ts';
import type { PaymentResult, PurchaseOrder } from '../../contracts/payment.ts';
import { type Audit, createAudit, violations, worldViolations } from '../../sandbox/audit.ts';
import type { Endpoints } from '../../sandbox/endpoints.ts';
import { until } from '../../sandbox/processes/until.ts';

export type ShopEndpoints = Omit<Endpoints, 'pids'>;

export interface OrderChange extends Partial<Omit<PurchaseOrder, 'tickets' | 'lines' | 'amount'>> {
  /** How many, each at `price`. */
  tickets?: number;
  ticketIds?: string[];
  /** Minor units. */
  price?: number;
  /** Minor units, beside the tickets. */
  fee?: number;
}

export interface Ended {
  order: PurchaseOrder;
  end: PaymentResult;
}

export interface Shop {
  endpoints: ShopEndpoints;
  boxoffice: Boxoffice;
  client: Client;
  audit: Audit;
  tenantId: string;
  venueId: string;
  eventId: string;
  /** The buyer's address; personal data. */
  email: string;
  emailRef: string;
  /** An order with ids of its own. */
  order(change?: OrderChange): PurchaseOrder;
  /** What is wrong by the outside's records, by payment key: empty when every purchase is as its caller was told. */
  wrongs(ended: readonly Ended[]): Promise<Record<string, string[]>>;
  /** What is wrong with ledger, provider, chain and engine as a whole. */
  wrongsOfWorld(): Promise<string[]>;
  /** Purchases of this shop that Temporal still runs, once they had time to be seen. */
  running(): Promise<number>;
  /** The same of all workflows of these types that were started since the shop opened: its own, where files take turns. */
  runningOf(...types: (keyof typeof workflowTypes)[]): Promise<number>;
  close(): Promise<void>;
}

export const wallet = `0x${'1a'.repeat(20)}`;

export const workflowIdOf = ({ tenantId, idempotencyKey }: PurchaseOrder) =>
  paymentWorkflowId(tenantId, idempotencyKey);

const seenWithinMs = 10_000;

export async function openShop(endpoints: ShopEndpoints, currency: Currency = 'USD'): Promise<Shop> {
  const { temporal, api, tokens } = endpoints;
  const tenantId = 'acme';
  const tag = randomBytes(4).toString('hex');
  const [venueId, eventId, email] = [`venue-${tag}`, `event-${tag}`, `ada-${tag}@buyers.example`];
  const boxoffice = createBoxoffice({ temporal, api: { url: api, token: tokens[tenantId]!['admin']! } });
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, namespace: temporal.namespace });
  const audit = createAudit(endpoints);

  await boxoffice.venues.put(venueId, {
    name: 'The Venue',
    currency,
    feeBasisPoints: 500,
    feeFixed: 0,
    reserveBasisPoints: 1_000,
  });
  await boxoffice.events.put(eventId, { venueId, name: 'The Event', endsAt: '2027-06-01T22:00:00Z', salesOpen: true });
  const { emailRef } = await boxoffice.contacts.put({ kind: 'email', value: email, name: 'Ada' });

  let count = 0;
  const order = (change: OrderChange = {}): PurchaseOrder => {
    count += 1;
    const { tickets: many = 1, price = 10_000, fee = 0, ticketIds, ...rest } = change;
    const ids = ticketIds ?? Array.from({ length: many }, (_, index) => `t-${tag}-${count}-${index}`);
    return {
      tenantId, venueId, eventId, userId: `u-${tag}`, orderId: `o-${tag}-${count}`, idempotencyKey: `k-${tag}-${count}`,
      currency, paymentMethod: 'pm_card_visa', buyer: { wallet, emailRef },
      amount: price * ids.length + fee,
      lines: [
        ...ids.map((ticketId) => ({ kind: 'ticket' as const, ticketId, amount: price })),
        ...(fee > 0 ? [{ kind: 'fee' as const, amount: fee }] : []),
      ],
      tickets: ids.map((ticketId) => ({ ticketId, price })),
      ...rest,
    }; // prettier-ignore
  };

  const wrongs = async (ended: readonly Ended[]) => {
    const ids = ended.map(({ order }) => ({ tenantId: order.tenantId, paymentKey: order.idempotencyKey }));
    const records = await audit.purchases(ids);
    const found = ended.map(({ order, end }, index): [string, string[]] => {
      const record = records[index]!;
      const claimed = record.claim?.result;
      const same = claimed === undefined || isDeepStrictEqual(claimed, end);
      const told = same ? [] : [`the claim says ${JSON.stringify(claimed)}, the caller heard ${JSON.stringify(end)}`];
      return [order.idempotencyKey, [...violations(record, end.status), ...told]];
    });
    return Object.fromEntries(found.filter(([, wrong]) => wrong.length > 0));
  };

  const openedAt = new Date().toISOString();
  const seenRunning = async (whose: string) => {
    let open = -1;
    const query = `${whose} AND ExecutionStatus = 'Running'`;
    // Visibility lags behind the ends a little.
    await until(async () => (open = (await client.workflow.count(query)).count) === 0, { withinMs: seenWithinMs });
    return open;
  };

  return {
    endpoints, boxoffice, client, audit, tenantId, venueId, eventId, email, emailRef, order, wrongs,
    running: () => seenRunning(`Venue = '${venueId}'`),
    runningOf: (...types) => seenRunning(`WorkflowType IN ('${types.join("', '")}') AND StartTime >= '${openedAt}'`),
    wrongsOfWorld: async () => worldViolations(await audit.world()),
    close: async () => void (await Promise.all([boxoffice.close(), connection.close(), audit.close()])),
  }; // prettier-ignore
}

/** As the namespace's retention does: afterwards Temporal knows nothing of the workflow. */
export async function deleteHistory({ client }: Shop, workflowId: string): Promise<void> {
  const { namespace } = client.options;
  await client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId } });
  const gone = () =>
    client.workflow
      .getHandle(workflowId)
      .describe()
      .then(() => false)
      .catch((error: unknown) => error instanceof WorkflowNotFoundError);
  if (!(await until(gone, { withinMs: seenWithinMs }))) throw new Error(`${workflowId} is still there`);
}
