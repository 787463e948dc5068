/**
 * What Stripe tells of the venues' own accounts: an endpoint and a secret of their own. An event names the account, and the
 * account has to be the one that we know; what it says is looked up at Stripe before anything is booked.
 */
import type { FastifyInstance } from 'fastify';
import { parseWorkflowId } from '../../contracts/ids.ts';
import type { ProviderEvent } from '../../contracts/messages.ts';
import type { ApiDeps, StripeEvent } from '../deps.ts';
import { ApiProblem } from '../problem.ts';
import { verified } from './stripe-webhook.ts';

const payoutEvents = new Set(['payout.paid', 'payout.failed', 'payout.canceled', 'payout.updated']);
const comesBack = new Set(['payout.failed', 'payout.canceled']);

export async function connectWebhookRoutes(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  // The signature is over the bytes as they came.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_, body, done) => done(null, body));

  app.post(
    '/webhooks/stripe/connect',
    {
      config: { access: 'public' },
      bodyLimit: 1_024 * 1_024,
      schema: {
        tags: ['webhooks'],
        summary: "Events of the venues' accounts at Stripe, proven by their signature",
        security: [],
      },
    },
    async (request) => {
      const { verifyConnectEvent, livemode } = deps;
      if (!verifyConnectEvent)
        throw new ApiProblem('invalid_signature', 'This deployment has no STRIPE_CONNECT_WEBHOOK_SECRET');
      return { received: true, duplicate: !(await take(deps, verified(verifyConnectEvent, livemode, request))) };
    },
  );
}

interface Addressed {
  tenantId: string;
  objectId: string;
  workflowId?: string;
  deliver?: (event: ProviderEvent) => Promise<void>;
}

/** True when the event was new. Marked as processed only after it was passed on, so that a crash leads to a redelivery. */
async function take(deps: ApiDeps, event: StripeEvent): Promise<boolean> {
  const { tenantId, objectId, workflowId, deliver } = await addressOf(deps, event);
  const now = new Date().toISOString();
  const key = { tenantId, provider: 'stripe', eventId: event.id, now } as const;
  const state = await deps.store.webhooks.record({
    ...key,
    type: event.type,
    livemode: event.livemode,
    // No more than this: the object itself may name a person, and personal data has one table.
    payload: { objectId, workflowId: workflowId ?? null, created: event.created },
  });
  if (state === 'known') return false;
  await deliver?.({ provider: 'stripe', eventId: event.id, type: event.type, objectId });
  await deps.store.webhooks.processed(key);
  return true;
}

function idOf(object: object): string {
  const { id } = object as { id?: unknown };
  return typeof id === 'string' ? id : '';
}

/** Whom it is for. An event of an account that is not the one we know is kept, and nobody hears of it. */
async function addressOf(deps: ApiDeps, { type, account, data }: StripeEvent): Promise<Addressed> {
  const objectId = idOf(data.object);
  const nobody = { tenantId: 'platform', objectId };
  if (account === undefined) return nobody;
  if (type === 'account.updated') return objectId === account ? ofAccount(deps, account, data.object) : nobody;
  return payoutEvents.has(type) ? ((await ofPayout(deps, type, account, data.object)) ?? nobody) : nobody;
}

async function ofPayout(deps: ApiDeps, type: string, account: string, object: object): Promise<Addressed | undefined> {
  const { store, boxoffice } = deps;
  const objectId = idOf(object);
  const payout = await store.payouts.byProvider(objectId);
  if (!payout) return ofPayoutToBe(deps, account, object);
  if (payout.account !== account) return undefined;
  const { tenantId, payoutId, workflowId } = payout;
  const deliver = async (event: ProviderEvent) => {
    const outcome = await boxoffice.payouts.deliver(workflowId, event);
    if (outcome === 'delivered' || !comesBack.has(type)) return;
    const { status } = (await store.payouts.byProvider(objectId)) ?? payout;
    if (status === 'paid') await boxoffice.payouts.cameBack(tenantId, payoutId, event);
  };
  return { tenantId, objectId, workflowId, deliver };
}

/** The event was faster than our books: its metadata names the workflow, and the account has to be of that tenant. */
async function ofPayoutToBe(
  { store, boxoffice }: ApiDeps,
  account: string,
  object: object,
): Promise<Addressed | undefined> {
  const { metadata } = object as { metadata?: { workflow?: unknown } | null };
  const workflowId = typeof metadata?.workflow === 'string' ? metadata.workflow : '';
  const meant = parseWorkflowId(workflowId);
  if (meant?.kind !== 'payout') return undefined;
  const { tenantId } = meant;
  const venues = await store.venueAccounts.venuesOf(account);
  if (!venues.some((venue) => venue.tenantId === tenantId)) return undefined;
  const deliver = async (event: ProviderEvent) => void (await boxoffice.payouts.deliver(workflowId, event));
  return { tenantId, objectId: idOf(object), workflowId, deliver };
}

/** The venues that are paid on the account follow it, and the payouts that wait for them look again. */
async function ofAccount({ store, boxoffice }: ApiDeps, account: string, object: object): Promise<Addressed> {
  const { payouts_enabled: enabled } = object as { payouts_enabled?: unknown };
  const venues = await store.venueAccounts.venuesOf(account);
  const [first] = venues;
  const deliver = async (event: ProviderEvent) => {
    for (const venue of venues) {
      if (typeof enabled === 'boolean') await store.venueAccounts.setPayoutsEnabled(venue, account, enabled);
      await boxoffice.payouts.venueChanged(venue.tenantId, venue.venueId, event);
    }
  };
  return { tenantId: first?.tenantId ?? 'platform', objectId: account, deliver };
}
