/**
 * What Stripe tells us: raw bytes, signature first, each event once, any order. A lost event costs nothing but time: the
 * workflow finds out by itself.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { disputeWorkflowId, idPartPattern, parseWorkflowId } from '../../contracts/ids.ts';
import type { ApiDeps, StripeEvent } from '../deps.ts';
import { ApiProblem } from '../problem.ts';
import { disputeOf, isAboutDispute, refundReturnOf } from '../provider-starts.ts';

/** What a running workflow of each kind has to hear. Every signal costs history, so nothing else is passed on. */
const routed = {
  payment: new Set([
    'payment_intent.canceled',
    'payment_intent.amount_capturable_updated',
    'payment_intent.payment_failed',
  ]),
  refund: new Set(['refund.updated', 'refund.failed', 'charge.refund.updated']),
} as const;
/** Every purchase has one of these; only the one that waits for its customer has to hear it. */
const customerActed = new Set(['payment_intent.amount_capturable_updated', 'payment_intent.payment_failed']);
type Kind = keyof typeof routed;
const isKind = (kind: string | undefined): kind is Kind => kind !== undefined && Object.hasOwn(routed, kind);
const tenantId = new RegExp(idPartPattern);

export async function stripeWebhookRoutes(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  // The signature is over the bytes as they came.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_, body, done) => done(null, body));

  app.post(
    '/webhooks/stripe',
    {
      config: { access: 'public' },
      bodyLimit: 1_024 * 1_024,
      schema: { tags: ['webhooks'], summary: 'Events of Stripe, proven by their signature', security: [] },
    },
    async (request) => {
      const event = verified(deps.verifyStripeEvent, deps.livemode, request);
      return { received: true, duplicate: !(await take(deps, event)) };
    },
  );
}

/** @throws ApiProblem for a wrong signature, and for an event of the other mode. */
export function verified(
  verify: ApiDeps['verifyStripeEvent'],
  livemode: boolean,
  { body, headers }: Pick<FastifyRequest, 'body' | 'headers'>,
): StripeEvent {
  const signature = headers['stripe-signature'];
  if (!Buffer.isBuffer(body) || typeof signature !== 'string')
    throw new ApiProblem('invalid_signature', 'The body or the header Stripe-Signature is missing');
  let event: StripeEvent;
  try {
    event = verify(body, signature);
  } catch (error) {
    throw new ApiProblem('invalid_signature', 'The signature is wrong or older than 300 s', {}, { cause: error });
  }
  if (event.livemode !== livemode)
    throw new ApiProblem('livemode_mismatch', `The event's livemode is ${event.livemode}, ours is not`);
  return event;
}

/** True when the event was new. Marked as processed only after it was passed on, so that a crash leads to a redelivery. */
async function take({ store, boxoffice }: ApiDeps, event: StripeEvent): Promise<boolean> {
  const { id, tenantId, meant } = describe(event.data.object);
  // A dispute carries no metadata of ours: it is the charge that tells whose it is.
  const dispute = await disputeOf(store, event);
  const owner = isAboutDispute(event) ? (dispute?.tenantId ?? 'platform') : tenantId;
  const workflowId = dispute ? disputeWorkflowId(dispute.tenantId, dispute.disputeId) : meant?.workflowId;
  const now = new Date().toISOString();
  const key = { tenantId: owner, provider: 'stripe', eventId: event.id, now } as const;
  const state = await store.webhooks.record({
    ...key,
    type: event.type,
    livemode: event.livemode,
    // No more than this: the object itself may name a person, and personal data has one table.
    payload: { objectId: id, workflowId: workflowId ?? null, created: event.created },
  });
  if (state === 'known') return false;
  const said = { provider: 'stripe', eventId: event.id, type: event.type, objectId: id } as const;
  if (dispute) {
    await boxoffice.disputes.deliver(dispute, said);
  } else if (meant && routed[meant.kind].has(event.type) && (await isHeard(store, meant, event.type))) {
    const runs = meant.kind === 'payment' ? boxoffice.payments : boxoffice.refunds;
    await runs.deliver(meant.workflowId, said);
    const back = meant.kind === 'refund' && (await refundReturnOf(store, event, meant.workflowId));
    if (back) await boxoffice.refunds.deliverReturn(back, said);
  }
  await store.webhooks.processed(key);
  return true;
}

interface Meant {
  kind: Kind;
  tenantId: string;
  key: string;
  workflowId: string;
}

async function isHeard({ customerActions }: ApiDeps['store'], { tenantId, key }: Meant, type: string) {
  return !customerActed.has(type) || (await customerActions.get({ tenantId, paymentKey: key })) !== undefined;
}

interface Described {
  id: string;
  tenantId: string;
  /** A workflow of ours, when tenant and workflow agree. */
  meant?: Meant;
}

function describe(object: object): Described {
  const { id, metadata } = object as { id?: unknown; metadata?: { tenant?: unknown; workflow?: unknown } | null };
  const tenant = metadata?.tenant;
  const workflow = metadata?.workflow;
  const ours = typeof tenant === 'string' && tenantId.test(tenant) ? tenant : undefined;
  const parsed = typeof workflow === 'string' ? parseWorkflowId(workflow) : undefined;
  return {
    id: typeof id === 'string' ? id : '',
    tenantId: ours ?? 'platform',
    ...(typeof workflow === 'string' && isKind(parsed?.kind) && parsed.tenantId === ours
      ? { meant: { ...parsed, kind: parsed.kind, workflowId: workflow } }
      : {}),
  };
}
