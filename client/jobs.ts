/** Mints, mails and text messages that are asked for alone. Their ids are fixed, so asking twice does it once. */
import { type Client, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/client';
import { fingerprintOf } from '../contracts/hashes.ts';
import type { EmailResult } from '../contracts/mail.ts';
import { workflowTypes } from '../contracts/messages.ts';
import type { MintResult } from '../contracts/mint.ts';
import { type EmailRequest, MintRequest, validateEmailRequest } from '../contracts/schema/jobs.ts';
import { type SmsRequest, validateSmsRequest } from '../contracts/schema/sms.ts';
import { createValidator } from '../contracts/schema/validate.ts';
import type { SmsResult } from '../contracts/sms.ts';
import { checked } from './errors.ts';
import { resultOf } from './run-handle.ts';
import { emailStart, mintStart, smsStart } from './start-options.ts';
import { startOnce } from './start-once.ts';
import { translate } from './temporal-errors.ts';

export interface JobHandle<Result> {
  readonly workflowId: string;
  /** Waits for the end. */
  result(): Promise<Result>;
}

const checkMint = createValidator(MintRequest);

/** @throws IdempotencyConflictError when the same ids were used for another request. */
export async function requestMint(client: Client, given: MintRequest): Promise<JobHandle<MintResult>> {
  const request = checked(() => checkMint(given));
  return start<MintResult>(client, workflowTypes.mint, mintStart(request, fingerprintOf(request)));
}

/** Needs nothing but a Temporal client, so that an activity can hand a message over. Already started counts as done. */
export async function startEmail(client: Client, given: EmailRequest): Promise<JobHandle<EmailResult>> {
  const request = checked(() => validateEmailRequest(given));
  return start<EmailResult>(client, workflowTypes.sendEmail, emailStart(request, fingerprintOf(request)));
}

/** As {@link startEmail}. */
export async function startSms(client: Client, given: SmsRequest): Promise<JobHandle<SmsResult>> {
  const request = checked(() => validateSmsRequest(given));
  return start<SmsResult>(client, workflowTypes.sendSms, smsStart(request, fingerprintOf(request)));
}

/** A message that was given up, and that the store has opened again. */
export interface MessageAgain {
  kind: 'email' | 'sms';
  /** As it was first asked for. */
  request: unknown;
  round: number;
}

function restartOf({ kind, request }: MessageAgain) {
  if (kind === 'email') {
    const email = checked(() => validateEmailRequest(request));
    return { type: workflowTypes.sendEmail, start: emailStart(email, fingerprintOf(email)) };
  }
  const text = checked(() => validateSmsRequest(request));
  return { type: workflowTypes.sendSms, start: smsStart(text, fingerprintOf(text)) };
}

/**
 * Starts the workflow of a given-up message anew, with its calls anew. One that runs already is joined.
 * @throws InvalidOrderError, UnavailableError
 */
export async function startAgain(client: Client, message: MessageAgain): Promise<void> {
  const { type, start } = restartOf(message);
  const [input] = start.args;
  try {
    await client.workflow.start(type, {
      ...start,
      args: [{ ...input, round: message.round }],
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    });
  } catch (error) {
    throw translate(error, start.workflowId);
  }
}

type StartOptions = ReturnType<typeof mintStart> | ReturnType<typeof emailStart> | ReturnType<typeof smsStart>;

async function start<Result>(client: Client, type: string, options: StartOptions): Promise<JobHandle<Result>> {
  const { workflowId } = options;
  await startOnce(client, type, options);
  return { workflowId, result: () => resultOf<Result>(client, workflowId) };
}
