import type { Client } from '@temporalio/client';
import type { Boxoffice } from '../client/index.ts';

/** One run against Temporal. */
export interface Session {
  client: Client;
  boxoffice: Boxoffice;
  /** Text for people, or `data` as JSON with --json. */
  print(text: string, data: unknown): void;
  /** A line for people while they wait; nothing with --json. */
  progress(line: string): void;
  /** The command was understood, and the answer is no. */
  fail(): void;
  linkTo(workflowId: string): string | undefined;
}
