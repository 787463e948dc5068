import { defineSearchAttributeKey } from '@temporalio/common';

/** What operators filter by in the Web UI. Stored unencrypted: opaque ids and states only. */
export const searchAttributes = {
  tenant: defineSearchAttributeKey('Tenant', 'KEYWORD'),
  venue: defineSearchAttributeKey('Venue', 'KEYWORD'),
  event: defineSearchAttributeKey('Event', 'KEYWORD'),
  stage: defineSearchAttributeKey('Stage', 'KEYWORD'),
  attention: defineSearchAttributeKey('Attention', 'KEYWORD'),
  amountMinor: defineSearchAttributeKey('AmountMinor', 'INT'),
  currency: defineSearchAttributeKey('Currency', 'KEYWORD'),
} as const;

/** Whom a workflow waits for. `none` is work in progress. */
export const attentions = ['none', 'approval', 'review', 'customer', 'provider'] as const;
export type Attention = (typeof attentions)[number];
