/**
 * A Temporal server's answers, in memory, below the SDK: the real client runs on it, its error mapping included. It runs
 * no workflow; a test says what a run answers. What the real server does is measured in the integration tests.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { msToTs } from '@temporalio/common/lib/time.js';
import type { AuthorizedRequest } from '../../contracts/messages.ts';
import type { EarlyAnswer } from '../../contracts/payment.ts';

const grpc = { cancelled: 1, deadline: 4, notFound: 5, alreadyExists: 6, unavailable: 14 } as const;
const status = { running: 1, completed: 2, failed: 3 } as const;
const completedStage = 3;

interface Payload {
  metadata?: Record<string, Uint8Array> | null;
  data?: Uint8Array | null;
}
interface Payloads {
  payloads?: Payload[] | null;
}
interface StartRequest {
  workflowId: string;
  workflowType: { name: string };
  taskQueue: { name: string };
  input: Payloads;
  memo: { fields: Record<string, Payload> };
  searchAttributes: { indexedFields: Record<string, Payload> };
  userMetadata?: { summary?: Payload; details?: Payload };
  priority?: { priorityKey?: number; fairnessKey?: string };
  workflowIdReusePolicy: number;
  workflowIdConflictPolicy: number;
}
interface UpdateRequest {
  workflowExecution: { workflowId: string };
  request: { meta: { updateId: string }; input: { name: string; args: Payloads } };
}

export interface FakeRun {
  request: StartRequest;
  runId: string;
  /** The workflow's only argument. */
  input: { fingerprint: string };
  status: keyof typeof status;
  early?: EarlyAnswer;
  /** The answer to who asks for what follows a customer's 3-D Secure. */
  afterCustomer?: EarlyAnswer;
  result?: unknown;
  signals: { name: string; input: unknown }[];
  updates: { id: string; name: string; input: unknown }[];
}

const encode = (value: unknown): Payloads => ({ payloads: [defaultPayloadConverter.toPayload(value)] });
const payloadsOf = (value: unknown) => encode(value).payloads ?? [];
const decode = (payloads: Payloads): unknown => {
  const [payload] = payloads.payloads ?? [];
  return payload && defaultPayloadConverter.fromPayload(payload);
};

const grpcError = (code: number, details: string) =>
  Object.assign(new Error(details), { code, details, metadata: { get: () => [] } });

const failed = (type: string, details: readonly unknown[] = []) => ({
  outcome: {
    failure: {
      message: 'refused',
      applicationFailureInfo: { type, nonRetryable: true, details: { payloads: details.flatMap(payloadsOf) } },
    },
  },
});

export class FakeTemporal {
  readonly runs = new Map<string, FakeRun>();
  /** Names of the calls that came. */
  readonly calls: string[] = [];
  /** Without a worker no update and no query is answered. */
  worker = true;
  reachable = true;
  /** A server may answer an update that a closed run had completed with its stored outcome, instead of refusing. */
  storesAnswers = false;
  /** What the workflow does once it runs. */
  onStart: (run: FakeRun) => void = () => undefined;
  /** What the query `status` answers. */
  standing: object = {
    stage: 'minting',
    attention: 'none',
    moneyMoved: 'held',
    next: 'The tickets are being minted.',
  };
  /** How an update of this name is refused: the failure's type. */
  readonly refusals = new Map<string, string>();
  /** What goes with that failure, by the update's name. */
  readonly refusalDetails = new Map<string, object>();
  /** What an update of this name answers; else the run's result. */
  readonly answers = new Map<string, unknown>();
  readonly client: Client;
  readonly #deadline = new AsyncLocalStorage<number>();

  constructor() {
    const service = Object.fromEntries(
      [
        'executeMultiOperation',
        'startWorkflowExecution',
        'describeWorkflowExecution',
        'getWorkflowExecutionHistory',
        'updateWorkflowExecution',
        'queryWorkflow',
        'signalWorkflowExecution',
        'signalWithStartWorkflowExecution',
        'listWorkflowExecutions',
      ].map((name) => [name, (request: never) => this.#call(name, request)]),
    );
    const connection: Client['connection'] = Object.create(null, {
      workflowService: { value: service },
      plugins: { value: [] },
      close: { value: async () => undefined },
      withDeadline: {
        value: (deadline: number | Date, fn: () => Promise<unknown>) => this.#deadline.run(Number(deadline), fn),
      },
    });
    this.client = new Client({ connection, namespace: 'test' });
  }

  run(workflowId: string): FakeRun {
    const run = this.runs.get(workflowId);
    if (!run) throw new Error(`no run ${workflowId}`);
    return run;
  }

  close(workflowId: string, result: unknown): void {
    Object.assign(this.run(workflowId), { status: 'completed', result });
  }

  async #call(name: string, request: never): Promise<unknown> {
    this.calls.push(name);
    if (!this.reachable) throw grpcError(grpc.unavailable, 'no connection');
    switch (name) {
      case 'executeMultiOperation':
        return this.#multi(request);
      case 'startWorkflowExecution':
        return this.#start(request, true);
      case 'describeWorkflowExecution':
        return this.#describe(request);
      case 'getWorkflowExecutionHistory':
        return this.#history(request);
      case 'updateWorkflowExecution':
        return this.#update(request);
      case 'queryWorkflow':
        return this.#query(request);
      case 'signalWorkflowExecution':
        return this.#signal(request);
      case 'signalWithStartWorkflowExecution':
        return this.#signalWithStart(request);
      default:
        return { executions: [...this.runs.values()].map((run) => this.#info(run)), nextPageToken: new Uint8Array() };
    }
  }

  async #multi({ operations }: { operations: [{ startWorkflow: StartRequest }, { updateWorkflow: UpdateRequest }] }) {
    const [{ startWorkflow }, { updateWorkflow }] = operations;
    const stored = this.storesAnswers && this.runs.get(startWorkflow.workflowId);
    if (stored && stored.updates.some(({ id }) => id === updateWorkflow.request.meta.updateId)) {
      const updateRef = { workflowExecution: { ...updateWorkflow.workflowExecution, runId: stored.runId } };
      const update = { updateRef, stage: completedStage, outcome: { success: encode(stored.early) } };
      return { responses: [{ startWorkflow: { runId: stored.runId, started: false } }, { updateWorkflow: update }] };
    }
    const start = this.#start(startWorkflow, false);
    return { responses: [{ startWorkflow: start }, { updateWorkflow: await this.#update(updateWorkflow) }] };
  }

  #start(request: StartRequest, failOnConflict: boolean) {
    const existing = this.runs.get(request.workflowId);
    if (existing && (failOnConflict || existing.status !== 'running'))
      throw grpcError(grpc.alreadyExists, 'workflow execution already started');
    if (existing) return { runId: existing.runId, started: false };
    const input = decode(request.input) as FakeRun['input'];
    const run: FakeRun = { request, runId: randomUUID(), input, status: 'running', signals: [], updates: [] };
    this.runs.set(request.workflowId, run);
    this.onStart(run);
    return { runId: run.runId, started: true };
  }

  async #update({ workflowExecution, request }: UpdateRequest) {
    const run = this.#existing(workflowExecution);
    if (!this.worker) return this.#never();
    const { name } = request.input;
    const input = decode(request.input.args);
    const ref = { updateRef: { workflowExecution: { ...workflowExecution, runId: run.runId } }, stage: completedStage };
    const refusal = this.refusals.get(name);
    if (refusal !== undefined) return { ...ref, ...failed(refusal, [this.refusalDetails.get(name)]) };
    if (name === 'authorized' && (input as FakeRun['input']).fingerprint !== run.input.fingerprint)
      return { ...ref, ...failed('KeyReused') };
    if (run.status !== 'running') throw grpcError(grpc.notFound, 'workflow execution already completed');
    run.updates.push({ id: request.meta.updateId, name, input });
    const early = (input as AuthorizedRequest).afterCustomer ? run.afterCustomer : run.early;
    const answer = name === 'authorized' ? early : (this.answers.get(name) ?? run.result);
    return answer === undefined ? this.#never() : { ...ref, outcome: { success: encode(answer) } };
  }

  #query({ execution }: { execution: { workflowId: string } }) {
    this.#existing(execution);
    if (!this.worker) return this.#never();
    return { queryResult: encode(this.standing) };
  }

  #signal(request: { workflowExecution: { workflowId: string }; signalName: string; input: Payloads }) {
    const run = this.#existing(request.workflowExecution);
    if (run.status !== 'running') throw grpcError(grpc.notFound, 'workflow execution already completed');
    run.signals.push({ name: request.signalName, input: decode(request.input) });
    return {};
  }

  #signalWithStart(request: StartRequest & { signalName: string; input: Payloads; signalInput: Payloads }) {
    const start = this.#start(request, false);
    this.run(request.workflowId).signals.push({ name: request.signalName, input: decode(request.signalInput) });
    return start;
  }

  #history({ execution }: { execution: { workflowId: string } }) {
    const run = this.#existing(execution);
    if (run.status === 'running') return this.#never();
    const event =
      run.status === 'failed'
        ? { workflowExecutionFailedEventAttributes: { failure: { message: 'bug' }, retryState: 3 } }
        : { workflowExecutionCompletedEventAttributes: { result: encode(run.result) } };
    return { history: { events: [event] } };
  }

  #describe({ execution }: { execution: { workflowId: string } }) {
    return { workflowExecutionInfo: this.#info(this.#existing(execution)) };
  }

  #info({ request, runId, status: state }: FakeRun) {
    return {
      execution: { workflowId: request.workflowId, runId },
      firstRunId: runId,
      type: request.workflowType,
      taskQueue: request.taskQueue.name,
      status: status[state],
      historyLength: { toNumber: () => 3 },
      startTime: msToTs(0),
      memo: request.memo,
      searchAttributes: request.searchAttributes,
    };
  }

  #existing({ workflowId }: { workflowId: string }): FakeRun {
    const run = this.runs.get(workflowId);
    if (!run) throw grpcError(grpc.notFound, 'workflow not found');
    return run;
  }

  /** As a call that gets no answer: it ends with the caller's deadline. */
  #never(): Promise<never> {
    const deadline = this.#deadline.getStore();
    return new Promise((_, reject) => {
      if (deadline === undefined) return;
      setTimeout(() => reject(grpcError(grpc.deadline, 'deadline exceeded')), Math.max(0, deadline - Date.now()));
    });
  }
}
