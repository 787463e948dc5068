import type { AnalyticsEvent } from './schema/analytics.ts';

export type { AnalyticsEvent } from './schema/analytics.ts';

export interface AnalyticsEventInput {
  event: AnalyticsEvent;
  fingerprint: string;
}

export type AnalyticsEventResult =
  | { status: 'recorded' }
  /** The key is another event's: nothing was recorded. */
  | { status: 'refused'; reason: 'key_reused' }
  /** The database took it neither in time nor at all. */
  | { status: 'expired' };
