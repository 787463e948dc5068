/** Builds the API. Opens no port and no connection: server.ts does. */
import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import { Convert } from 'typebox/value';
import { createValidator } from '../contracts/schema/validate.ts';
import type { ApiDeps } from './deps.ts';
import { auth } from './plugins/auth.ts';
import { docs, docsPrefix } from './plugins/docs.ts';
import { measuring } from './plugins/measuring.ts';
import { hardening } from './plugins/hardening.ts';
import { ApiProblem, sendProblem } from './problem.ts';
import { analyticsRoutes } from './routes/analytics.ts';
import { eventCancellationRoutes } from './routes/event-cancellations.ts';
import { alertLinkRoutes } from './routes/alert-links.ts';
import { alertRoutes } from './routes/alerts.ts';
import { connectWebhookRoutes } from './routes/connect-webhook.ts';
import { deadLetterBatchRoutes } from './routes/dead-letter-batches.ts';
import { deadLetterRoutes } from './routes/dead-letters.ts';
import { decisionRoutes } from './routes/decisions.ts';
import { customerActionRoutes } from './routes/customer-action.ts';
import { disputeRoutes } from './routes/disputes.ts';
import { healthRoutes } from './routes/health.ts';
import { laneRoutes } from './routes/lanes.ts';
import { monitorRoutes } from './routes/monitor.ts';
import { paymentRoutes } from './routes/payments.ts';
import { payoutRoutes } from './routes/payouts.ts';
import { reconciliationRoutes } from './routes/reconciliation.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { queueRoutes } from './routes/queues.ts';
import { refundRoutes } from './routes/refunds.ts';
import { reportRoutes } from './routes/reports.ts';
import { setupRoutes } from './routes/setup.ts';
import { stripeWebhookRoutes } from './routes/stripe-webhook.ts';
import { ticketRoutes } from './routes/tickets.ts';

/** A service that sells through one token: a hundred requests a second. */
const defaultLimit = { max: 6_000, windowMs: 60_000 };

export async function buildApp(deps: ApiDeps): Promise<FastifyInstance> {
  // Neither addresses nor headers of a request: they say who somebody is.
  const loggerInstance: FastifyBaseLogger = deps.logger.child({}, { serializers: { req: requestLine } });
  const app = Fastify({
    loggerInstance,
    bodyLimit: 256 * 1_024,
    genReqId: () => randomUUID(),
    // Ids that are too long get a 400 which names them, not a 404.
    routerOptions: { maxParamLength: 1_000 },
    return503OnClosing: true,
  });
  // JSON only; anything else is 415.
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler((request, reply) =>
    sendProblem(new ApiProblem('not_found', `There is no ${request.method} at this address`), request, reply),
  );
  app.setValidatorCompiler<TSchema>(({ schema, httpPart }) => validatorOf(schema, httpPart));
  // Response schemas are documentation: an answer is never cut down to them in silence.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));

  await app.register(auth, {
    verifyToken: deps.verifyToken,
    docs: { prefix: docsPrefix, access: deps.docs === 'open' ? 'public' : 'docs.read' },
  });
  await app.register(hardening, {
    limit: deps.limit ?? defaultLimit,
    maxEventLoopDelayMs: deps.maxEventLoopDelayMs ?? 1_000,
  });
  await app.register(measuring, deps.metrics);
  await app.register(docs);
  await app.register(healthRoutes, deps);
  await app.register(paymentRoutes, deps);
  await app.register(customerActionRoutes, deps);
  await app.register(refundRoutes, deps);
  await app.register(eventCancellationRoutes, deps);
  await app.register(payoutRoutes, deps);
  await app.register(decisionRoutes, deps);
  await app.register(deadLetterRoutes, deps);
  await app.register(deadLetterBatchRoutes, deps);
  await app.register(ticketRoutes, deps);
  await app.register(disputeRoutes, deps);
  await app.register(reconciliationRoutes, deps);
  await app.register(setupRoutes, deps);
  await app.register(laneRoutes, deps);
  await app.register(monitorRoutes, deps);
  await app.register(alertRoutes, deps);
  await app.register(alertLinkRoutes, deps);
  await app.register(analyticsRoutes, deps);
  await app.register(reportRoutes, deps);
  await app.register(queueRoutes, deps);
  await app.register(metricsRoutes, deps);
  await app.register(stripeWebhookRoutes, deps);
  await app.register(connectWebhookRoutes, deps);
  return app;
}

/** The token of an alert's link is as good as a login, so it does not stand in a log. */
const requestLine = ({ method, url }: FastifyRequest) => ({ method, url: url.replace(/([?&]token=)[^&]*/gu, '$1…') });

/** Our own validator, so that an error over HTTP names every field in the words that the client uses. */
function validatorOf(schema: TSchema, httpPart: string | undefined) {
  const check = createValidator(schema);
  // Query parameters arrive as text; a body's types are the caller's to get right.
  const prepare = (data: unknown) => (httpPart === 'querystring' ? Convert(schema, data) : data);
  return (data: unknown) => {
    try {
      return { value: check(prepare(data)) };
    } catch (error) {
      return { error: error instanceof Error ? error : new Error(String(error)) };
    }
  };
}
