/** The workflows as a worker runs them, on the time-skipping server, with twins for all activities. */
import { readFile } from 'node:fs/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { WithStartWorkflowOperation } from '@temporalio/client';
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { deadLetterBatchStart } from '../../client/dead-letter-batches.ts';
import { Registry } from 'prom-client';
import {
  emailStart,
  eventCancellationStart,
  mintStart,
  paymentStart,
  refundStart,
  smsStart,
} from '../../client/start-options.ts';
import type {
  EventCancellationInput,
  EventCancellationRequest,
  EventCancellationResult,
} from '../../contracts/event-cancellation.ts';
import type { DeadLetterBatch, DeadLetterBatchInput, DeadLetterBatchResult } from '../../contracts/dead-letters.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import { authorizedUpdateId } from '../../contracts/ids.ts';
import type { EmailResult, SendEmailInput } from '../../contracts/mail.ts';
import { authorizedUpdate, workflowTypes } from '../../contracts/messages.ts';
import type { MintInput, MintResult } from '../../contracts/mint.ts';
import type { MonitorInput } from '../../contracts/monitor-course.ts';
import type { EarlyAnswer, PaymentInput, PaymentResult, PurchaseOrder } from '../../contracts/payment.ts';
import type { RefundInput, RefundRequest, RefundResult } from '../../contracts/refund.ts';
import type { EmailRequest, MintRequest } from '../../contracts/schema/jobs.ts';
import type { SendSmsInput, SmsResult } from '../../contracts/sms.ts';
import { searchAttributes } from '../../contracts/search-attributes.ts';
import { type TaskQueue, type WorkflowQueue, workflowQueues } from '../../contracts/task-queues.ts';
import { devServer, timeSkippingServer } from '../../sandbox/test-server.ts';
import { type JobMetrics, createJobMetrics } from '../../infrastructure/job-metrics.ts';
import { ensureBundle, ensureWorkflowBundle, moduleAt, workflowInterceptorModules } from '../../workers/bundle.ts';
import { batchInput } from './dead-letter-twins.ts';
import { createJobSinks } from '../../workers/job-sinks.ts';
import { orderOf } from './orders.ts';
import { createBackgroundTwins } from './workflow-background-twins.ts';
import { createMonitorTwins } from './workflow-monitor-twins.ts';
import { createAlertTwins, createSmsTwins, smsRequest } from './workflow-message-twins.ts';
import { createMoveRecordTwins, createMoveTwins } from './workflow-move-twins.ts';
import { createDisputeRecordTwins, createDisputeTwins } from './workflow-dispute-twins.ts';
import { cancellationRequest } from './cancelled-event-outside.ts';
import { createCancellationTwins } from './workflow-cancellation-twins.ts';
import { createPayoutRecordTwins, createPayoutTwins } from './workflow-payout-twins.ts';
import {
  createReconciliationChainTwins,
  createReconciliationRecordTwins,
  createReconciliationTwins,
} from './workflow-reconciliation-twins.ts';
import { createRefundBurnTwin, createRefundRecordTwins, createRefundTwins } from './workflow-refund-twins.ts';
import {
  createCardTwins,
  createDeadLetterTwins,
  createDecisionTwins,
  createMailTwins,
  createRecordTwins,
  createTicketTwins,
  Twins,
  type Twin,
} from './workflow-twins.ts';

/** A workflow that was started, and the world outside of it. */
export interface Started<Input, Result> {
  handle: WorkflowHandle<(input: Input) => Promise<Result>>;
  twin: Twin;
}
export type StartedPayment = Started<PaymentInput, PaymentResult> & {
  order: PurchaseOrder;
  fingerprint: string;
};
export type StartedCancellation = Started<EventCancellationInput, EventCancellationResult>;
export type StartedBatch = Started<DeadLetterBatchInput, DeadLetterBatchResult>;
export type StartedRefund = Started<RefundInput, RefundResult> & { request: RefundRequest };
type Plan = (twin: Twin) => void;
/** Of the order that every test has; `raw` slips by whatever checks an order before it is sent. */
type Change = Partial<PurchaseOrder> & { raw?: Record<string, unknown> };

export interface WorkflowWorld {
  env: TestWorkflowEnvironment;
  client: Client;
  /** What the workers counted. */
  jobs: JobMetrics;
  /** Of a workflow id, for what is started elsewhere: set it up before the start. */
  twinOf: (workflowId: string) => Twin;
  /** `plan` sets the twin up before anything can call it. */
  payment(plan?: Plan, change?: Change): Promise<StartedPayment>;
  /** As a service does: start and early answer in one round trip. */
  purchase(plan?: Plan, change?: Change): Promise<StartedPayment & { early: Promise<EarlyAnswer> }>;
  mint(plan?: Plan): Promise<Started<MintInput, MintResult>>;
  refund(
    plan?: Plan,
    change?: Partial<RefundRequest>,
    start?: { workflowTaskTimeout?: '1 second' },
  ): Promise<StartedRefund>;
  eventCancellation(plan?: Plan, change?: Partial<EventCancellationRequest>): Promise<StartedCancellation>;
  /** Of so many letters, numbered from 1. */
  deadLetters(letters: number, plan?: Plan, change?: Partial<DeadLetterBatch>): Promise<StartedBatch>;
  email(plan?: Plan): Promise<Started<SendEmailInput, EmailResult>>;
  sms(plan?: Plan): Promise<Started<SendSmsInput, SmsResult>>;
  /** Until somebody ends it. */
  monitor(plan?: Plan): Promise<Started<MonitorInput, never>>;
  close(): Promise<void>;
}

const identity = 'twin-world';
let count = 0;

/** No two purchases of a world share anything. */
function freshOrder(change: Partial<PurchaseOrder> = {}): PurchaseOrder {
  count += 1;
  return orderOf({ idempotencyKey: `key-${count}`, orderId: `order-${count}`, ...change });
}

const mintRequest = (): MintRequest => ({
  tenantId: 'acme',
  venueId: 'arena',
  eventId: 'summer-night',
  ticketId: `guest-${(count += 1)}`,
  mintKey: 'guest-list',
  wallet: `0x${'1'.repeat(40)}`,
  reason: 'guest list',
});

const refundRequest = (change: Partial<RefundRequest> = {}): RefundRequest => ({
  tenantId: 'acme',
  refundId: `refund-${(count += 1)}`,
  paymentKey: 'key-1',
  tickets: 'keep',
  reason: 'event moved',
  requestedBy: 'support-7',
  ...change,
});

const emailRequest = (): EmailRequest => ({
  tenantId: 'acme',
  messageKey: `message-${(count += 1)}`,
  emailRef: 'c_1',
  message: { template: 'ticket-confirmation', paymentKey: 'key-1' },
});

/** temporal.api.enums.v1.IndexedValueType */
const attributeTypes = { KEYWORD: 2, INT: 3 } as const;

async function startServer(server: 'time-skipping' | 'dev'): Promise<TestWorkflowEnvironment> {
  const client = { identity };
  const keys = Object.values(searchAttributes);
  if (server === 'dev') {
    const executable = await devServer();
    return TestWorkflowEnvironment.createLocal({ server: { executable, searchAttributes: keys }, client });
  }
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: await timeSkippingServer() },
    client,
  });
  await env.connection.operatorService.addSearchAttributes({
    namespace: env.namespace ?? 'default',
    searchAttributes: Object.fromEntries(keys.map(({ name, type }) => [name, attributeTypes[type]])),
  });
  return env;
}

interface Engine {
  env: TestWorkflowEnvironment;
  code: string;
  jobs: JobMetrics;
  /** 0: every task replays its workflow from the start. */
  maxCachedWorkflows?: number | undefined;
  /** Whose workflows run; loading them takes a third of a second each. */
  queues: readonly WorkflowQueue[];
}

async function startWorkers(twins: Twins, { env, code, jobs, queues, ...cache }: Engine): Promise<() => Promise<void>> {
  const providers = {
    stripe: {
      ...createCardTwins(twins),
      ...createRefundTwins(twins),
      ...createDisputeTwins(twins),
      ...createPayoutTwins(twins),
      ...createReconciliationTwins(twins),
    },
    chain: {
      ...createTicketTwins(twins),
      ...createRefundBurnTwin(twins),
      ...createMoveTwins(twins),
      ...createReconciliationChainTwins(twins),
    },
    email: createMailTwins(twins),
    sms: createSmsTwins(twins),
    alert: createAlertTwins(twins),
  };
  const records = {
    ...createRecordTwins(twins),
    ...createRefundRecordTwins(twins),
    ...createMoveRecordTwins(twins),
    ...createDisputeRecordTwins(twins),
    ...createCancellationTwins(twins),
    ...createMonitorTwins(twins),
    ...createPayoutRecordTwins(twins),
    ...createDecisionTwins(twins),
    ...createBackgroundTwins(twins),
    ...createDeadLetterTwins(twins),
    ...createReconciliationRecordTwins(twins),
  };
  const common = (taskQueue: TaskQueue): WorkerOptions => ({
    connection: env.nativeConnection,
    namespace: env.namespace ?? 'default',
    taskQueue,
    identity,
    maxHeartbeatThrottleInterval: '50 milliseconds',
    // A test that failed may have left something hanging; it must not hold up the rest.
    shutdownForceTime: '1 second',
  });
  const workers = await Promise.all([
    ...queues.map((queue) =>
      Worker.create({
        ...common(queue),
        ...(cache.maxCachedWorkflows === undefined ? {} : { maxCachedWorkflows: cache.maxCachedWorkflows }),
        workflowBundle: { code },
        activities: records,
        sinks: createJobSinks(jobs),
      }),
    ),
    ...Object.entries(providers).map(([queue, activities]) =>
      Worker.create({ ...common(queue as TaskQueue), activities }),
    ),
  ]);
  const runs = Promise.allSettled(workers.map((worker) => worker.run()));
  return async () => {
    for (const worker of workers) worker.shutdown();
    await runs;
  };
}

const timeSkippingBundle = () =>
  ensureBundle(['workflows', 'contracts', 'tests/support/time-skipping'], 'workflows/index', [
    ...workflowInterceptorModules(),
    moduleAt('tests/support/time-skipping/expiries'),
  ]);

/**
 * `bundle` is the code of another bundle than the present sources', for a test that breaks one; `queues` those whose workflows
 * run, all unless given.
 */
export async function startWorkflowWorld({
  server = 'time-skipping',
  bundle,
  maxCachedWorkflows,
  queues = workflowQueues,
}: {
  server?: 'time-skipping' | 'dev';
  bundle?: string;
  maxCachedWorkflows?: number;
  queues?: readonly WorkflowQueue[];
} = {}): Promise<WorkflowWorld> {
  installQuietRuntime();
  const ensured = server === 'dev' ? ensureWorkflowBundle : timeSkippingBundle;
  const code = bundle ?? (await readFile(await ensured(), 'utf8'));
  const env = await startServer(server);
  const twins = new Twins();
  const jobs = createJobMetrics(new Registry());
  const stop = await startWorkers(twins, { env, code, jobs, maxCachedWorkflows, queues });
  const { client } = env;

  function prepare(plan: Plan | undefined, { raw = {}, ...change }: Change = {}) {
    const order = freshOrder(change);
    const fingerprint = fingerprintOf(order);
    const start = {
      ...paymentStart(order, fingerprint),
      args: [{ order: { ...order, ...raw }, fingerprint }] as const,
    };
    const twin = twins.of(start.workflowId);
    plan?.(twin);
    const handle = client.workflow.getHandle<(input: PaymentInput) => Promise<PaymentResult>>(start.workflowId);
    return { start, started: { handle, twin, order, fingerprint } };
  }

  return {
    env,
    client,
    jobs,
    twinOf: (workflowId) => twins.of(workflowId),
    async payment(plan, change) {
      const { start, started } = prepare(plan, change);
      await client.workflow.start<(input: PaymentInput) => Promise<PaymentResult>>(workflowTypes.payment, {
        ...start,
        args: [...start.args],
      });
      return started;
    },
    async purchase(plan, change) {
      const { start, started } = prepare(plan, change);
      const { fingerprint } = started;
      const early = client.workflow.executeUpdateWithStart(authorizedUpdate, {
        startWorkflowOperation: new WithStartWorkflowOperation(workflowTypes.payment, start),
        args: [{ fingerprint }],
        updateId: authorizedUpdateId(fingerprint),
      });
      await Promise.race([early, started.twin.begun('claimPayment')]);
      return { ...started, early };
    },
    async mint(plan) {
      const request = mintRequest();
      const start = mintStart(request, fingerprintOf(request));
      const twin = twins.of(start.workflowId);
      plan?.(twin);
      const handle = await client.workflow.start<(input: MintInput) => Promise<MintResult>>(workflowTypes.mint, {
        ...start,
        args: [...start.args],
      });
      return { handle, twin };
    },
    async refund(plan, change, options) {
      const request = refundRequest(change);
      const start = refundStart(request, fingerprintOf(request));
      const twin = twins.of(start.workflowId);
      plan?.(twin);
      const handle = await client.workflow.start<(input: RefundInput) => Promise<RefundResult>>(workflowTypes.refund, {
        ...start,
        ...options,
        args: [...start.args],
      });
      return { handle, twin, request };
    },
    async eventCancellation(plan, change) {
      const request = cancellationRequest(`event-${(count += 1)}`, change);
      const { args, ...start } = eventCancellationStart(request, fingerprintOf(request));
      const twin = twins.of(start.workflowId);
      plan?.(twin);
      const handle = await client.workflow.start<(input: EventCancellationInput) => Promise<EventCancellationResult>>(
        workflowTypes.eventCancellation,
        { ...start, args: [...args] },
      );
      return { handle, twin };
    },
    async deadLetters(letters, plan, change) {
      const { args, ...start } = deadLetterBatchStart(batchInput(`batch-${(count += 1)}`, letters, change));
      const twin = twins.of(start.workflowId);
      plan?.(twin);
      const handle = await client.workflow.start<(input: DeadLetterBatchInput) => Promise<DeadLetterBatchResult>>(
        workflowTypes.resolveDeadLetters,
        { ...start, args: [...args] },
      );
      return { handle, twin };
    },
    async email(plan) {
      const request = emailRequest();
      const start = emailStart(request, fingerprintOf(request));
      const twin = twins.of(start.workflowId);
      plan?.(twin);
      const handle = await client.workflow.start<(input: SendEmailInput) => Promise<EmailResult>>(
        workflowTypes.sendEmail,
        { ...start, args: [...start.args] },
      );
      return { handle, twin };
    },
    async sms(plan) {
      const request = smsRequest(`message-${(count += 1)}`);
      const start = smsStart(request, fingerprintOf(request));
      const twin = twins.of(start.workflowId);
      plan?.(twin);
      const handle = await client.workflow.start<(input: SendSmsInput) => Promise<SmsResult>>(workflowTypes.sendSms, {
        ...start,
        args: [...start.args],
      });
      return { handle, twin };
    },
    async monitor(plan) {
      const workflowId = `monitor-${(count += 1)}`;
      const twin = twins.of(workflowId);
      plan?.(twin);
      const start = { workflowId, taskQueue: 'monitoring', args: [{}] satisfies [MonitorInput] };
      const handle = await client.workflow.start<(input: MonitorInput) => Promise<never>>(workflowTypes.monitor, start);
      return { handle, twin };
    },
    async close() {
      await stop();
      await env.teardown();
    },
  };
}

let installed = false;

/** Planned failures are no news. */
function installQuietRuntime(): void {
  if (installed) return;
  installed = true;
  const filter = makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' });
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter } } });
}
