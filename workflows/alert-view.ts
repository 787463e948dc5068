/** What a person sees of a notice: what is wrong, and which channel has taken it. */
import { setCurrentDetails } from '@temporalio/workflow';
import { roleOf } from '../contracts/alert-channels.ts';
import { explain, headlineOf } from '../contracts/alert-words.ts';
import type { AlertNotice, AlertResult, Channel, ChannelOutcome, SentNotice } from '../contracts/alerts.ts';
import type { JobStatus } from '../contracts/messages.ts';
import { businessNow } from './time.ts';

/** With the provider's reference, or why it was given up. */
export interface ShownOutcome extends Omit<SentNotice, 'outcome'> {
  outcome: ChannelOutcome;
}

const nextOf: Readonly<Record<AlertResult['status'], string>> = {
  delivered: 'Acknowledge the incident, and remedy it.',
  undelivered:
    'Nobody was told: check the on-call addresses and the logins of mail and Twilio. The monitor tries again.',
  'not needed': 'Nothing: somebody knows of it, or it is over.',
};

export class AlertView {
  readonly #notice: AlertNotice;
  readonly #channels: Map<Channel, string>;
  #end: AlertResult | undefined;

  constructor(notice: AlertNotice, channels: readonly Channel[]) {
    this.#notice = notice;
    this.#channels = new Map(channels.map((channel) => [channel, 'on its way']));
    this.#show();
  }

  ended(channel: Channel, { outcome, reference, code }: ShownOutcome): void {
    const why = code ?? reference;
    this.#channels.set(channel, `\`${businessNow()}\` **${outcome}**${why === undefined ? '' : ` (\`${why}\`)`}`);
    this.#show();
  }

  end(result: AlertResult): void {
    this.#end = result;
    this.#show();
  }

  status(): JobStatus {
    const { status } = this.#end ?? {};
    if (status === undefined) return { stage: 'sending', attention: 'none', next: 'It goes on by itself.' };
    return { stage: status, attention: 'none', next: nextOf[status] };
  }

  #show(): void {
    const { incident, kind, number } = this.#notice;
    const { wrong, money, todo } = explain(incident);
    const { stage, next } = this.status();
    setCurrentDetails(
      [
        `**${headlineOf(incident)}**`,
        '',
        '| | |',
        '|---|---|',
        `| Incident | \`${incident.alertId}\`, ${incident.severity}, since ${incident.since ?? incident.openedAt} |`,
        `| Notice | ${number}, ${kind}, to ${roleOf(kind)} |`,
        ...[...this.#channels].map(([channel, state]) => `| ${channel} | ${state} |`),
        `| Stage | **${stage}** |`,
        `| Next | ${next} |`,
        '',
        `- ${wrong}`,
        `- ${money}`,
        `- ${todo}`,
      ].join('\n'),
    );
  }
}
