/** Purchases as the Web UI lists them: by search attribute, newest first, within Temporal's retention. */
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { type Static, Type } from 'typebox';
import { parseWorkflowId } from '../contracts/ids.ts';
import { workflowTypes } from '../contracts/messages.ts';
import { Id } from '../contracts/schema/common.ts';
import { createValidator } from '../contracts/schema/validate.ts';
import { attentions, searchAttributes } from '../contracts/search-attributes.ts';
import { checked } from './errors.ts';
import { translate } from './temporal-errors.ts';

export const PaymentFilter = Type.Object(
  {
    tenantId: Type.Optional(Id('tenantId')),
    attention: Type.Optional(Type.Enum([...attentions], { description: `attention: ${attentions.join(', ')}` })),
    stage: Type.Optional(Type.String({ pattern: '^[a-z ]{1,20}$', description: 'stage: e.g. minting or in review' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: 'limit: 1 to 1000' })),
  },
  { additionalProperties: false, description: 'a filter: tenantId, attention, stage, limit' },
);
export type PaymentFilter = Static<typeof PaymentFilter>;

export interface PaymentSummary {
  tenantId: string;
  paymentKey: string;
  workflowId: string;
  stage: string;
  attention: string;
  /** Minor units of `currency`. */
  amount?: number;
  currency?: string;
  startedAt: string;
  closedAt?: string;
}

/** Milliseconds. */
const askMs = 10_000;

const checkFilter = createValidator(PaymentFilter);

export async function listPayments(client: Client, given: PaymentFilter): Promise<PaymentSummary[]> {
  const { tenantId, attention, stage, limit = 50 } = checked(() => checkFilter(given));
  const clauses = [
    `WorkflowType = '${workflowTypes.payment}'`,
    ...(tenantId ? [`${searchAttributes.tenant.name} = '${tenantId}'`] : []),
    ...(attention ? [`${searchAttributes.attention.name} = '${attention}'`] : []),
    ...(stage ? [`${searchAttributes.stage.name} = '${stage}'`] : []),
  ];
  const found: PaymentSummary[] = [];
  try {
    await client.withDeadline(Date.now() + askMs, async () => {
      for await (const run of client.workflow.list({ query: clauses.join(' AND '), pageSize: limit })) {
        const id = parseWorkflowId(run.workflowId);
        if (id) found.push(summaryOf(run, id.tenantId, id.key));
        if (found.length >= limit) break;
      }
    });
  } catch (error) {
    throw translate(error, 'the list of purchases');
  }
  return found;
}

function summaryOf(run: WorkflowExecutionInfo, tenantId: string, paymentKey: string): PaymentSummary {
  const attributes = run.typedSearchAttributes;
  const amount = attributes.get(searchAttributes.amountMinor);
  const currency = attributes.get(searchAttributes.currency);
  return {
    tenantId,
    paymentKey,
    workflowId: run.workflowId,
    stage: attributes.get(searchAttributes.stage) ?? run.status.name.toLowerCase(),
    attention: attributes.get(searchAttributes.attention) ?? 'none',
    ...(amount === undefined ? {} : { amount }),
    ...(currency === undefined ? {} : { currency }),
    startedAt: run.startTime.toISOString(),
    ...(run.closeTime ? { closedAt: run.closeTime.toISOString() } : {}),
  };
}
