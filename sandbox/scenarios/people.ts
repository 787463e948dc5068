/** The people of a scenario: each decides and reads over the API, as the subject of a token of their own. */
import { createDecisionCalls, type DecisionCalls } from '../../client/decisions.ts';
import { callApi } from '../../client/http.ts';
import type { PublishedEndpoints } from '../world.ts';

export interface Person {
  decide: DecisionCalls['decide'];
  ask<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T>;
}

/** By the name that their token has in endpoints.json: a role, or `approver2`. */
export type People = (name: string) => Person;

export const peopleOf =
  ({ api: url, tokens }: PublishedEndpoints, tenantId: string): People =>
  (name) => {
    const token = tokens[tenantId]?.[name];
    if (token === undefined) throw new Error(`the sandbox has no ${name} at ${tenantId}`);
    const access = { url, token };
    return {
      decide: (request) => createDecisionCalls(access).decide(request),
      ask: async <T>(method: 'GET' | 'POST', path: string, body?: object) =>
        (await callApi(access, method, path, body)) as T,
    };
  };

interface Recorded {
  decisions: { choice: string; actor: string; accepted: boolean; refusedBecause?: string; evidence: string }[];
}

/** What the table of decisions says of a workflow, oldest first. */
export async function decisionsOf(person: Person, workflowId: string): Promise<Recorded['decisions']> {
  const { decisions } = await person.ask<Recorded>('GET', `/decisions?workflowId=${encodeURIComponent(workflowId)}`);
  return decisions.toReversed();
}

/** For people: who decided what, and what of it was refused. */
export const decisionsText = (decisions: Recorded['decisions']): string[] =>
  decisions.map(({ actor, choice, refusedBecause, evidence }) =>
    refusedBecause === undefined
      ? `${actor}: ${choice}, accepted ("${evidence}")`
      : `${actor}: ${choice}, refused: ${refusedBecause}`,
  );
