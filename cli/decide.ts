/** `boxoffice decide`: what waits for a person, decided over the API, which knows who that person is. */
import type { Command } from 'commander';
import { createDecisionCalls } from '../client/decisions.ts';
import type { Decision, Resolution } from '../contracts/decisions.ts';
import { apiAccess } from './api-access.ts';
import type { Output } from './output.ts';
import { UsageError } from './settings.ts';
import { facts } from './table.ts';

/** As one types them. */
export const resolutionChoices: Readonly<Record<string, Resolution>> = {
  retry: 'retry',
  'mark-succeeded': 'mark_succeeded',
  'mark-failed': 'mark_failed',
  compensate: 'compensate',
};
const choices: Readonly<Record<string, Decision>> = { approve: 'approve', reject: 'reject', ...resolutionChoices };

interface Options {
  reason: string;
  print?: boolean;
  as?: string;
}

export function addDecide(program: Command, { env, print, out, err }: Output): void {
  program
    .command('decide')
    .description('approve or reject what waits for approval, or say how a step goes on that waits for a person')
    .argument('<workflow>', 'the workflow id, e.g. payout:acme:payout-1')
    .argument('<decision>', `one of ${Object.keys(choices).join(', ')}`)
    .requiredOption('--reason <text>', 'why, or what it rests on; it is kept with the decision')
    .option('--print', "send nothing: print the JSON for the Web UI's form")
    .option('--as <id>', 'who decides, in the sandbox only (default: TENANT-approver)')
    .action(async (workflowId: string, choice: string, options: Options) => {
      const decision = Object.hasOwn(choices, choice) ? choices[choice] : undefined;
      if (!decision) throw new UsageError(`"${choice}" is not one of ${Object.keys(choices).join(', ')}`);
      const access = await apiAccess(env, program.opts<{ dir: string }>().dir, workflowId, options.as);
      const decisions = createDecisionCalls(access);
      const request = { workflowId, decision, reason: options.reason };
      if (options.print) {
        const { message, payload, expiresAt } = await decisions.prepare(request);
        err(`For the update or the signal "${message}" of ${workflowId}, until ${expiresAt}:`);
        out(JSON.stringify(payload, undefined, 2));
        return;
      }
      const answer = await decisions.decide(request);
      print(facts([['Workflow', workflowId], ...said(answer)]), answer);
    });
}

type Answer = Awaited<ReturnType<ReturnType<typeof createDecisionCalls>['decide']>>;

function said(answer: Answer): [string, string][] {
  if ('taken' in answer) return [['Step', answer.step], ['Taken', answer.taken]]; // prettier-ignore
  return [
    ['Decision', answer.decision],
    ['Approvals', `${answer.approvals} of ${answer.needed}`],
  ];
}
