/** Lanes under people's hands, over the API, which knows who the person is. */
import type { LaneChangeRecord } from '../contracts/lane-control.ts';
import type { ControlledName, LaneAnswer, LaneView } from '../contracts/lane-words.ts';
import { type ApiAccess, callApi, withQuery } from './http.ts';

/**
 * Each change is recorded with its reason and the subject of the API's token, and holds for all workers at once, unless
 * the answer's `next` says what is still open. Making it again is safe.
 * @throws ApiError with code `invalid_request` or `forbidden`: nothing was changed.
 * @throws UnavailableError: unknown whether it was.
 */
export interface LaneCalls {
  /** @throws ApiError with code `limiter_away` */
  status(): Promise<LaneView[]>;
  /** Newest first; 50 where `limit` is absent, 200 at most. */
  changes(filter?: { lane?: ControlledName; limit?: number }): Promise<LaneChangeRecord[]>;
  /** Calls in any second, and calls in flight. What is absent stays as it is. */
  limits(
    lane: ControlledName,
    limits: { perSecond?: number; concurrent?: number },
    reason: string,
  ): Promise<LaneAnswer>;
  /** Uses 1 to 100 percent of the lane's rate. */
  brownOut(lane: ControlledName, percent: number, reason: string): Promise<LaneAnswer>;
  /** Whether 429 and rising latency lower the rate by themselves. */
  adaptive(lane: ControlledName, on: boolean, reason: string): Promise<LaneAnswer>;
  /** Shares of venues, by `{tenant}:{venue}` or `{tenant}`; 1 is usual, null: as the work itself says. */
  weights(lane: ControlledName, weights: Readonly<Record<string, number | null>>, reason: string): Promise<LaneAnswer>;
  /** No call starts any more; those in flight end. */
  stop(lane: ControlledName, reason: string): Promise<LaneAnswer>;
  resume(lane: ControlledName, reason: string): Promise<LaneAnswer>;
  /** Forgets what was changed, the lowered rate and the closure of a 429; a stopped lane stays stopped. */
  reset(lane: ControlledName, reason: string): Promise<LaneAnswer>;
  /** Emergency stop: every lane but that of alerts. */
  stopAll(reason: string): Promise<LaneAnswer[]>;
  resumeAll(reason: string): Promise<LaneAnswer[]>;
}

export function createLaneCalls(access: ApiAccess | undefined): LaneCalls {
  const change = async (lane: ControlledName, what: string, body: object) =>
    (await callApi(access, 'POST', `/lanes/${encodeURIComponent(lane)}/${what}`, body)) as LaneAnswer;
  const changeAll = async (what: string, reason: string) =>
    ((await callApi(access, 'POST', `/lanes/${what}`, { reason })) as { lanes: LaneAnswer[] }).lanes;
  return {
    status: async () => ((await callApi(access, 'GET', '/lanes')) as { lanes: LaneView[] }).lanes,
    changes: async ({ lane, limit } = {}) => {
      const answer = await callApi(access, 'GET', withQuery('/lanes/changes', { lane, limit }));
      return (answer as { changes: LaneChangeRecord[] }).changes;
    },
    limits: (lane, limits, reason) => change(lane, 'limits', { ...limits, reason }),
    brownOut: (lane, percent, reason) => change(lane, 'brown-out', { percent, reason }),
    adaptive: (lane, on, reason) => change(lane, 'adaptive', { on, reason }),
    weights: (lane, weights, reason) => change(lane, 'weights', { weights, reason }),
    stop: (lane, reason) => change(lane, 'stop', { reason }),
    resume: (lane, reason) => change(lane, 'resume', { reason }),
    reset: (lane, reason) => change(lane, 'reset', { reason }),
    stopAll: (reason) => changeAll('stop', reason),
    resumeAll: (reason) => changeAll('resume', reason),
  };
}
