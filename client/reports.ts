/** Daily money reports: asked for through Temporal, read over the API. */
import type { Client } from '@temporalio/client';
import { Type } from 'typebox';
import { fingerprintOf } from '../contracts/hashes.ts';
import { workflowTypes } from '../contracts/messages.ts';
import {
  type Report,
  reportLocation,
  type ReportPage,
  type ReportRequest,
  type ReportResult,
} from '../contracts/report.ts';
import { Day, Id } from '../contracts/schema/common.ts';
import { ReportFilter, validateReportRequest } from '../contracts/schema/report.ts';
import { createValidator } from '../contracts/schema/validate.ts';
import type { StartedJob } from './analytics.ts';
import { checked } from './errors.ts';
import { type ApiAccess, callApi, withQuery } from './http.ts';
import { resultOf } from './run-handle.ts';
import { reportStart } from './start-background.ts';
import { startOnce } from './start-once.ts';

export interface ReportCalls {
  /**
   * Makes the report of a venue's day, or finds it made; asking twice is asking once. A day whose books are open is refused.
   * @throws InvalidOrderError: nothing was started.
   * @throws UnavailableError: unknown whether it arrived; send it again.
   */
  make(request: ReportRequest): Promise<StartedJob<ReportResult>>;
  /** Of the token's tenant, as are the others. Needs the API. @throws ApiError `not_found` when it was not made (yet) */
  get(venueId: string, day: string): Promise<Report & { sha256: string; createdAt: string }>;
  csv(venueId: string, day: string): Promise<string>;
  list(filter?: ReportFilter): Promise<ReportPage>;
}

const checkOf = createValidator(Type.Object({ venueId: Id('venueId'), day: Day() }));
const checkFilter = createValidator(ReportFilter);

/** @throws InvalidOrderError, also for a day whose books are open. */
export async function makeReport(client: Client, given: ReportRequest): Promise<StartedJob<ReportResult>> {
  const request = checked(() => validateReportRequest(given, Date.now()));
  const start = reportStart(request, fingerprintOf(request));
  const { workflowId } = start;
  const started = await startOnce(client, workflowTypes.generateReport, start);
  return {
    workflowId,
    ...started,
    result: (options) => resultOf(client, workflowId, { runId: started.runId, ...options }),
  };
}

const pathOf = (venueId: string, day: string, format: 'json' | 'csv') =>
  `${reportLocation(checked(() => checkOf({ venueId, day })))}?format=${format}`;

/** Reading them needs the API only. */
export function createReportReads(api: ApiAccess | undefined): Omit<ReportCalls, 'make'> {
  return {
    get: async (venueId, day) =>
      (await callApi(api, 'GET', pathOf(venueId, day, 'json'))) as Awaited<ReturnType<ReportCalls['get']>>,
    csv: async (venueId, day) => String(await callApi(api, 'GET', pathOf(venueId, day, 'csv'))),
    list: async (given = {}) => {
      const filter = checked(() => checkFilter(given));
      const answer = await callApi(api, 'GET', withQuery('/reports', filter));
      return answer as Awaited<ReturnType<ReportCalls['list']>>;
    },
  };
}

export const createReportCalls = (client: Client, api: ApiAccess | undefined): ReportCalls => ({
  make: (request) => makeReport(client, request),
  ...createReportReads(api),
});
