/**
 * The outside's record of what happened: from the simulators' logs and objects, the chain, Postgres and Temporal, never
 * from what a workflow says of itself. Only reads.
 */
import { Client, Connection } from '@temporalio/client';
import { paymentWorkflowId } from '../contracts/ids.ts';
import { createPool, type Pool } from '../infrastructure/postgres.ts';
import { allMints, booksFacts, ledgerTotals, mintsOf } from './audit/books.ts';
import { type ChainReader, createChainReader } from './audit/chain.ts';
import { brokenWorkflows, engineFacts } from './audit/engine.ts';
import { duplicatesOf, readMail, receiptsOf, type ReceivedMail } from './audit/mail.ts';
import {
  providerBalances,
  providerFacts,
  providerFees,
  type ProviderSnapshot,
  readProvider,
} from './audit/provider.ts';
import type { PurchaseRecord } from './audit/record.ts';
import type { WorldRecord } from './audit/world-record.ts';
import type { Endpoints } from './endpoints.ts';

export { violations, type PurchaseRecord } from './audit/record.ts';
export { worldViolations, type WorldRecord } from './audit/world-record.ts';
export type { ReceivedMail } from './audit/mail.ts';

export type AuditedEndpoints = Pick<Endpoints, 'temporal' | 'postgresOwner' | 'stripe' | 'smtp' | 'chainRpc' | 'chain'>;

export interface PurchaseId {
  tenantId: string;
  paymentKey: string;
}

export interface Audit {
  purchase(tenantId: string, paymentKey: string): Promise<PurchaseRecord>;
  /** As `purchase`, in the order given; provider and mailbox are read once for all of them. */
  purchases(ids: readonly PurchaseId[]): Promise<PurchaseRecord[]>;
  /** The receipts of a purchase, as they were received. */
  receipts(tenantId: string, paymentKey: string): Promise<ReceivedMail[]>;
  world(): Promise<WorldRecord>;
  close(): Promise<void>;
}

interface Sources {
  endpoints: AuditedEndpoints;
  pool: Pool;
  client: Client;
  chain: ChainReader;
}

/** Purchases looked at in one go; more would only queue up at Postgres and the node. */
const atOnce = 8;

export function createAudit(endpoints: AuditedEndpoints): Audit {
  const { temporal, chainRpc, chain, postgresOwner } = endpoints;
  const connection = Connection.lazy({ address: temporal.address });
  const sources: Sources = {
    endpoints,
    pool: createPool({ url: postgresOwner, max: 4, applicationName: 'audit' }),
    client: new Client({ connection, namespace: temporal.namespace }),
    chain: createChainReader(chainRpc, chain.contract),
  };
  const purchases = (ids: readonly PurchaseId[]) => readPurchases(sources, ids);
  return {
    purchases,
    purchase: async (tenantId, paymentKey) => {
      const [record] = await purchases([{ tenantId, paymentKey }]);
      return record!;
    },
    receipts: async (tenantId, paymentKey) =>
      receiptsOf(await readMail(endpoints.smtp.inbox), tenantId, paymentWorkflowId(tenantId, paymentKey)),
    world: () => readWorld(sources),
    close: async () => void (await Promise.all([sources.pool.end(), connection.close()])),
  };
}

async function readPurchases(sources: Sources, ids: readonly PurchaseId[]): Promise<PurchaseRecord[]> {
  const { stripe, smtp } = sources.endpoints;
  const [provider, mails] = await Promise.all([readProvider(stripe), readMail(smtp.inbox)]);
  const records: PurchaseRecord[] = [];
  for (let from = 0; from < ids.length; from += atOnce) {
    const some = ids.slice(from, from + atOnce);
    records.push(...(await Promise.all(some.map((id) => readPurchase(sources, id, { provider, mails })))));
  }
  return records;
}

async function readPurchase(
  { pool, client, chain }: Sources,
  { tenantId, paymentKey }: PurchaseId,
  { provider, mails }: { provider: ProviderSnapshot; mails: ReceivedMail[] },
): Promise<PurchaseRecord> {
  const workflowId = paymentWorkflowId(tenantId, paymentKey);
  const which = { tenantId, paymentKey, workflowId };
  const [books, tokens, engine] = await Promise.all([
    booksFacts(pool, which),
    mintsOf(pool, which).then((mints) => chain.factsOf(mints)),
    engineFacts(client, workflowId),
  ]);
  return {
    workflowId,
    ...providerFacts(provider, workflowId),
    ...tokens,
    ...books,
    ...engine,
    mails: receiptsOf(mails, tenantId, workflowId).length,
  };
}

async function readWorld({ endpoints, pool, client, chain }: Sources): Promise<WorldRecord> {
  const [provider, mails, totals, broken, strayTokens] = await Promise.all([
    readProvider(endpoints.stripe),
    readMail(endpoints.smtp.inbox),
    ledgerTotals(pool),
    brokenWorkflows(client),
    allMints(pool).then((mints) => chain.strays(mints)),
  ]);
  const provided = providerBalances(provider);
  const kept = providerFees(provider);
  const fees = Object.fromEntries(totals.map((total) => [total.currency, total.fees]));
  const booked = Object.fromEntries(totals.map(({ currency, stripeBalance }) => [currency, stripeBalance]));
  const currencies = [...new Set([...Object.keys(provided), ...Object.keys(booked)])];
  return {
    ledgerSums: Object.fromEntries(totals.map(({ currency, sum }) => [currency, sum])),
    balances: Object.fromEntries(
      currencies.map((currency) => [
        currency,
        {
          ledger: booked[currency] ?? 0,
          provider: provided[currency] ?? 0,
        },
      ]),
    ),
    fees: Object.fromEntries(
      currencies.map((currency) => [currency, { ledger: fees[currency] ?? 0, provider: kept[currency] ?? 0 }]),
    ),
    duplicateMails: duplicatesOf(mails),
    brokenWorkflows: broken,
    strayTokens,
  };
}
