/** What a person decides, as it comes over HTTP. Who decides is the subject of the token. */
import { Type, type Static } from 'typebox';
import { decisions } from '../decisions.ts';
import { Text } from './common.ts';

export const WorkflowIdText = Type.String({
  pattern: '^[a-z-]{1,30}(:[A-Za-z0-9_-]{1,64}){2,3}$',
  description: 'workflowId: the id of a workflow, e.g. payout:acme:payout-1',
});

export const DecisionBody = Type.Object(
  {
    workflowId: WorkflowIdText,
    decision: Type.Enum(decisions, { description: `decision: one of ${decisions.join(', ')}` }),
    reason: Text('reason (for a step that waits: the evidence, e.g. a ticket of the provider)', 500),
    send: Type.Optional(
      Type.Boolean({ description: "send: false answers with what the Web UI's form takes, and sends nothing" }),
    ),
  },
  { additionalProperties: false, description: 'a decision' },
);
export type DecisionBody = Static<typeof DecisionBody>;

export const DecisionsQuery = Type.Object({ workflowId: WorkflowIdText }, { additionalProperties: false });
