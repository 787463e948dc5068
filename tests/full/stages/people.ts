/** People who decide about money, each with a token of their own. */
import { setTimeout as delay } from 'node:timers/promises';
import { createDecisionCalls } from '../../../client/decisions.ts';
import { ApiError, UnavailableError } from '../../../client/index.ts';
import type { Decision } from '../../../contracts/decisions.ts';
import type { Shop } from '../../support/purchases.ts';

const patienceMs = 60_000;
const pauseMs = 250;

interface Decided {
  workflowId: string;
  decision: Decision;
  /** Name of a token: `approver`, `approver2`. */
  by: string;
}

/** Decides, again and again where nobody answers: that is safe, and the same person's second approval is no other. */
export async function decide({ endpoints, tenantId }: Shop, { workflowId, decision, by }: Decided): Promise<void> {
  const decisions = createDecisionCalls({ url: endpoints.api, token: endpoints.tokens[tenantId]![by]! });
  for (const giveUpAt = Date.now() + patienceMs; ; await delay(pauseMs)) {
    try {
      await decisions.decide({ workflowId, decision, reason: 'as agreed with the venue' });
      return;
    } catch (error) {
      if (error instanceof ApiError && error.code === 'decision_refused' && error.message.includes('approved it already')) return; // prettier-ignore
      const unheard = error instanceof UnavailableError || (error instanceof ApiError && error.status === 503);
      if (!unheard || Date.now() > giveUpAt) throw error;
    }
  }
}
