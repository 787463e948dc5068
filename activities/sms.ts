/** Text messages: one activity, run by `sendSms`. */
import { log } from '@temporalio/activity';
import { smsMarkOf } from '../contracts/hashes.ts';
import { smsWorkflowId } from '../contracts/ids.ts';
import { jobTypes } from '../contracts/job-types.ts';
import type { SmsRequest, SmsResult } from '../contracts/sms.ts';
import type { LaneCaller } from '../lanes/call.ts';
import { createFailures, detailOf } from './failure.ts';
import { budgetOf, deliverOnce, isGivenUp, type MessageInput } from './messages.ts';
import type { MessageLedger, SmsFacts, StepLedger } from './ports.ts';
import { requestTimeoutMs } from './providers/sms/client.ts';
import { stopCode } from './providers/sms/errors.ts';
import type { SentSms, SmsProvider } from './providers/sms/provider.ts';
import { type SmsContent, writeSms } from './providers/sms/texts.ts';

const policy = jobTypes['send-sms'];
/** Over the request's own time-out: one that old will have no effect any more. Milliseconds. */
const afterTimeoutMs = 5_000;
const { retryIn } = createFailures('twilio');

export type SendSmsActivityInput = MessageInput<SmsRequest>;

export interface SmsActivities {
  sendText(input: SendSmsActivityInput): Promise<SmsResult>;
}

const stepOf = ({ tenantId, messageKey }: SmsRequest) => ({
  tenantId,
  workflowId: smsWorkflowId(tenantId, messageKey),
  step: 'send',
});

export function createSmsActivities(deps: {
  provider: SmsProvider;
  lanes: LaneCaller;
  messages: MessageLedger<SmsRequest, SmsResult>;
  steps: Pick<StepLedger, 'read'>;
  facts: SmsFacts;
}): SmsActivities {
  const { provider, lanes, messages, steps, facts } = deps;
  /** Nobody to write to, nothing to write about: no message, and no error either. */
  async function textOf(request: SmsRequest): Promise<{ to: string; content: SmsContent } | { suppressed: string }> {
    const contact = await facts.contact(request.tenantId, request.phoneRef);
    if (!contact) return { suppressed: 'no_recipient' };
    const content = await facts.content(request.tenantId, request.message);
    return content ? { to: contact.value, content } : { suppressed: 'nothing_to_say' };
  }

  async function find(to: string, mark: string, since: Date): Promise<SentSms | undefined> {
    const found: SentSms[] = [];
    let at: string | undefined;
    do {
      const from = at;
      const page = await lanes.read('sms', () => provider.page({ to, mark, since, at: from }));
      found.push(...page.found);
      at = page.next;
    } while (at);
    if (found.length > 1)
      log.warn('a text message was sent more than once', { messageSids: found.map((one) => one.messageSid) });
    // The first one is what the recipient saw first.
    return found.at(-1);
  }

  /**
   * What an earlier call without an answer sent, or the certainty that it sent nothing: Twilio takes no idempotency key, so
   * to send again without looking would be to send twice. What is not listed while such a call may be under way can still
   * come, so the time is taken before the listing.
   */
  async function sentBefore(request: SmsRequest, to: string, mark: string): Promise<SentSms | undefined> {
    const history = await steps.read(stepOf(request));
    if (history.sent === 0 || !history.firstSentAt) return undefined;
    const remaining = requestTimeoutMs + afterTimeoutMs - (history.sinceLastSentMs ?? 0);
    const found = await find(to, mark, new Date(history.firstSentAt));
    if (!found && remaining > 0) throw retryIn(remaining, 'in_flight', history.sent);
    return found;
  }

  async function deliver(request: SmsRequest, round: number): Promise<SmsResult> {
    const text = await textOf(request);
    if ('suppressed' in text) return { status: 'suppressed', reason: text.suppressed };
    const { to, content } = text;
    const mark = smsMarkOf(request);
    const before = await sentBefore(request, to, mark);
    if (before) return { status: 'sent', messageSid: before.messageSid };
    const body = writeSms(content.template, content.data, mark);
    try {
      const counted = { step: stepOf(request), policy, budget: budgetOf(policy, round) };
      const { messageSid } = await lanes.change('sms', counted, () => provider.send({ to, body }));
      return { status: 'sent', messageSid };
    } catch (error) {
      if (!isGivenUp(error)) throw error;
      const code = detailOf(error)?.code ?? 'unknown';
      return code === stopCode
        ? { status: 'suppressed', reason: 'stopped' }
        : { status: 'undeliverable', reason: code };
    }
  }

  return { sendText: (input) => deliverOnce(messages, input, deliver) };
}
