/** A Boxoffice of its own for the runs: the worker reaches chain and database, and the provider us, through our hands. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Stripe } from 'stripe';
import { createStripeClient } from '../../../activities/providers/stripe/client.ts';
import { startBoxoffice } from '../../../sandbox/boxoffice.ts';
import { openPostgresProxy, type PostgresProxy } from '../../support/postgres-proxy.ts';
import { openShop, type Shop } from '../../support/purchases.ts';
import { createRefundDesk, type RefundDesk } from '../../support/refunding.ts';
import { openRpcProxy, type RpcProxy } from '../../support/rpc-proxy.ts';
import { openWebhookRelay, type WebhookRelay } from '../../support/webhook-relay.ts';

export interface StagesWorld {
  shop: Shop;
  desk: RefundDesk;
  chain: RpcProxy;
  books: PostgresProxy;
  relay: WebhookRelay;
  /** As the Dashboard: whoever else has the account's key. */
  dashboard: Stripe;
  killWorker(): Promise<void>;
  startWorker(): Promise<void>;
  close(): Promise<void>;
}

const worker = 'worker';

export async function openStagesWorld(): Promise<StagesWorld> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const one of closers.toReversed()) await one();
  };
  try {
    const dir = await mkdtemp(path.join(tmpdir(), 'boxoffice-stages-'));
    closers.push(() => rm(dir, { recursive: true, force: true }));
    const relay = await openWebhookRelay();
    closers.push(() => relay.close());
    const running = await startBoxoffice({
      dir,
      env: { RATE_LIMITS: 'unpaced', RETRY_SCALE: '0.05', LOG_LEVEL: 'warn' },
      stripeEnv: {
        STRIPE_LIMIT_PER_SECOND: '0',
        STRIPE_WEBHOOK_URL: relay.addressOf('/webhooks/stripe'),
        STRIPE_CONNECT_WEBHOOK_URL: relay.addressOf('/webhooks/stripe/connect'),
        // What is pending stays so until somebody settles it.
        STRIPE_REFUND_SECONDS: String(30 * 24 * 3600),
        STRIPE_PAYOUT_SECONDS: String(30 * 24 * 3600),
      },
      withWorker: false,
    });
    const { world, endpoints, env } = running;
    closers.push(() => world.stop());
    relay.passTo(endpoints.api);
    const chain = await openRpcProxy(endpoints.chainRpc);
    closers.push(() => chain.close());
    const books = await openPostgresProxy(endpoints.postgres);
    closers.push(() => books.close());
    await running.addWorker(worker, { CHAIN_RPC_URL: chain.url, DATABASE_URL: books.urlOf(endpoints.postgres) });
    const shop = await openShop(endpoints);
    closers.push(() => shop.close());
    return {
      shop,
      desk: createRefundDesk(shop),
      chain,
      books,
      relay,
      dashboard: createStripeClient({ secretKey: env['STRIPE_SECRET_KEY']!, apiBase: endpoints.stripe }),
      killWorker: () => world.kill(worker, 'SIGKILL'),
      startWorker: () => world.start(worker),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
