/** Dead letters, over the API: which knows them, and who the person is that decides. */
import type {
  DeadLetter,
  DeadLetterBatchStatus,
  DeadLetterGroup,
  DeadLetterStatistics,
  DeadLetterWish,
  WaitingFor,
} from '../contracts/dead-letters.ts';
import type { Resolution, ResolveAnswer } from '../contracts/decisions.ts';
import type { DeadLetterBatchBody } from '../contracts/schema/dead-letters.ts';
import { type ApiAccess, callApi, readApi, withQuery } from './http.ts';

/** As the API shows it. */
export interface DeadLetterView extends DeadLetter {
  status: 'open' | 'closed';
  /** Its workflow's page in the Temporal Web UI. */
  webUi?: string;
}

/** With what it can be told now, both absent where Temporal gave no answer. */
export interface DeadLetterDetails extends DeadLetterView {
  /** `ended`, too, where Temporal does not know it any more. */
  workflow?: 'running' | 'ended';
  waiting?: WaitingFor;
}

export interface DeadLetterBatchView extends DeadLetterBatchStatus {
  /** The batch key. */
  id: string;
  workflowId: string;
  webUi?: string;
  status: string;
}

/**
 * @throws ApiError with code `not_found`, `forbidden` or `invalid_request`: nothing was changed.
 * @throws UnavailableError: unknown whether it was. Asking again is safe.
 */
export interface DeadLetterCalls {
  /** Newest first; 50 where `limit` is absent, 200 at most. */
  list(
    query?: DeadLetterWish & { limit?: number; cursor?: string },
  ): Promise<{ letters: DeadLetterView[]; nextCursor?: string }>;
  get(id: string): Promise<DeadLetterDetails>;
  /** Those that say the same, the most first. */
  groups(query?: DeadLetterWish): Promise<DeadLetterGroup[]>;
  /** Open ones, and how many came and went on each of so many days (14; 90 at most). */
  statistics(days?: number): Promise<DeadLetterStatistics>;
  /** All that fit, oldest first, as they arrive: CSV (RFC 4180), or one JSON object a line. */
  export(format: 'csv' | 'jsonl', query?: DeadLetterWish): AsyncIterable<string>;
  /** Nobody is needed any more. @throws ApiError with code `letter_waits` while its workflow runs, or `already_ended` */
  close(id: string, reason: string): Promise<DeadLetterView>;
  /**
   * Decides about it, as `decisions.decide` would; `retry` sends a message again that was given up.
   * @throws ApiError with code `decision_refused` or `already_ended`
   */
  resolve(
    id: string,
    decision: Resolution,
    evidence: string,
  ): Promise<{ id: string; workflowId: string } & ResolveAnswer>;
  /** Decides about up to 200 at once. The same again joins it. @throws ApiError with code `key_reused` */
  resolveMany(body: DeadLetterBatchBody): Promise<DeadLetterBatchView>;
  batch(batchKey: string): Promise<DeadLetterBatchView>;
  /** Stops before the next ones; what was sent stands. */
  cancelBatch(batchKey: string, reason: string): Promise<DeadLetterBatchView>;
}

/** The API itself waits ten seconds for a workflow, twice at most. */
const decideMs = 25_000;

const at = (id: string, what = '') => `/dead-letters/${encodeURIComponent(id)}${what}`;
const batchAt = (key: string, what = '') => `/dead-letters/batches/${encodeURIComponent(key)}${what}`;

export function createDeadLetterCalls(access: ApiAccess | undefined): DeadLetterCalls {
  const get = (path: string, query: object = {}) => callApi(access, 'GET', withQuery(path, query));
  const post = (path: string, body: object) => callApi(access, 'POST', path, body, decideMs);
  return {
    list: async (query) => (await get('/dead-letters', query)) as Awaited<ReturnType<DeadLetterCalls['list']>>,
    get: async (id) => (await get(at(id))) as DeadLetterDetails,
    groups: async (query) => ((await get('/dead-letters/groups', query)) as { groups: DeadLetterGroup[] }).groups,
    statistics: async (days) => (await get('/dead-letters/statistics', { days })) as DeadLetterStatistics,
    export: (format, query = {}) =>
      readApi(access, withQuery('/dead-letters/export', query), format === 'csv' ? 'text/csv' : 'application/jsonl'),
    close: async (id, reason) => (await post(at(id, '/close'), { reason })) as DeadLetterView,
    resolve: async (id, decision, evidence) =>
      (await post(at(id, '/resolve'), { decision, evidence })) as { id: string; workflowId: string } & ResolveAnswer,
    resolveMany: async (body) => (await post('/dead-letters/resolve', body)) as DeadLetterBatchView,
    batch: async (batchKey) => (await get(batchAt(batchKey))) as DeadLetterBatchView,
    cancelBatch: async (batchKey, reason) =>
      (await post(batchAt(batchKey, '/cancel'), { reason })) as DeadLetterBatchView,
  };
}
