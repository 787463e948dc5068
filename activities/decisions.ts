import type { DecisionKind, DecisionOutcome } from '../contracts/decisions.ts';
import type { Operation } from './ports.ts';

export interface DecideInput {
  operation: Operation;
  messageId: string;
  kind: DecisionKind;
  choice: string;
  step?: string;
  actor: string;
  evidence: string;
  proof: string;
  now: string;
  requestedBy?: string;
  decidedBy?: readonly string[];
}

export interface DecisionActivities {
  decide: (input: DecideInput) => Promise<DecisionOutcome>;
}
