/** What the Web UI can filter by from a workflow's first moment. Stored unencrypted: opaque ids and amounts only. */
import { TypedSearchAttributes } from '@temporalio/common';
import { searchAttributes } from '../contracts/search-attributes.ts';

export interface StartedWith {
  tenantId: string;
  venueId?: string;
  eventId?: string;
  /** Minor units. */
  amount?: number | undefined;
  currency?: string;
  /** `started` unless given. */
  stage?: string;
}

export function startedWith({ tenantId, venueId, eventId, amount, currency, stage = 'started' }: StartedWith) {
  return new TypedSearchAttributes([
    { key: searchAttributes.tenant, value: tenantId },
    ...(venueId === undefined ? [] : [{ key: searchAttributes.venue, value: venueId }]),
    ...(eventId === undefined ? [] : [{ key: searchAttributes.event, value: eventId }]),
    { key: searchAttributes.stage, value: stage },
    { key: searchAttributes.attention, value: 'none' },
    ...(amount === undefined ? [] : [{ key: searchAttributes.amountMinor, value: amount }]),
    ...(currency === undefined ? [] : [{ key: searchAttributes.currency, value: currency }]),
  ]);
}
