/** What a notice says on each channel. Pure. What is wrong and what to do about it: contracts/alert-words.ts. */
import { roleOf } from '../../../contracts/alert-channels.ts';
import { explain, headlineOf, minute, unitOf } from '../../../contracts/alert-words.ts';
import type { AlertNotice, NoticeKind } from '../../../contracts/alerts.ts';
import { oneLine, type View } from '../mail/fill.ts';
import { type RenderedMail, renderCompiled } from '../mail/render.ts';
import { facts, timeText } from '../mail/templates/words.ts';
import { compiledTemplates } from '../mail/templates.generated.ts';

/** Addresses that a notice shows. */
export interface NoticeLinks {
  /** Acknowledges the incident, by whoever opens it. */
  acknowledge: string;
  /** The Web UI's view of it; absent where nobody said where the Web UI is. */
  view?: string | undefined;
}

const again: Readonly<Record<NoticeKind, string>> = {
  first: '',
  repeat: 'Still: ',
  escalation: 'Nobody acknowledged: ',
};

const sentTo = {
  oncall: 'You get this because you are on call for Boxoffice.',
  escalation: 'You get this because the person on call did not acknowledge it in time.',
} as const;

export function alertMail({ incident, kind, number }: AlertNotice, { acknowledge, view }: NoticeLinks): RenderedMail {
  const headline = headlineOf(incident);
  const unit = unitOf(incident.type);
  const shown: View = {
    ...explain(incident),
    subject: `[${incident.severity}] ${again[kind]}${headline}`,
    kicker: `Boxoffice alert · ${incident.severity}`,
    heading: `${again[kind]}${headline}`,
    acknowledge,
    view: view === undefined ? [] : [{ link: view }],
    facts: facts({
      Measured: `${incident.value} ${unit}, the threshold is ${incident.threshold}`,
      Since: timeText(incident.since ?? incident.openedAt),
      Seen: timeText(incident.openedAt),
      Incident: incident.alertId,
      Notice: `${number} (${kind})`,
    }),
    why: sentTo[roleOf(kind)],
  };
  return renderCompiled(compiledTemplates.alert, shown);
}

/** A call has no link: it wakes somebody up, and sends them to the other two channels. */
export const alertWords = ({ incident, kind }: AlertNotice): string =>
  `Boxoffice alert, ${incident.severity}. ${again[kind]}${headlineOf(incident)}. Open the text message or the mail to acknowledge it.`;

/** Characters of the GSM alphabet that fit into two segments; one of the second set takes two places. */
const twoSegments = 306;
const gsmBasic =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const gsmExtended = '^{}\\[~]|€';
const places = new Map([
  ...Array.from(gsmBasic, (one) => [one, 1] as const),
  ...Array.from(gsmExtended, (one) => [one, 2] as const),
]);
const replacements: Readonly<Record<string, string>> = {
  '–': '-',
  '—': '-',
  '…': '...',
  '’': "'",
  '‘': "'",
  '`': "'",
  '“': '"',
  '”': '"',
};

/** One character beyond the alphabet would halve what fits. */
const inGsm = (text: string) =>
  Array.from(oneLine(text), (one) => (places.has(one) ? one : (replacements[one] ?? '?'))).join('');

export const gsmLength = (text: string): number =>
  Array.from(text).reduce((sum, one) => sum + (places.get(one) ?? Number.POSITIVE_INFINITY), 0);

function cutTo(text: string, length: number): string {
  let cut = text;
  while (gsmLength(cut) > length) cut = `${cut.replace(/\.{3}$/, '').slice(0, -1)}...`;
  return cut;
}

const sentenceOf = (text: string) => /^.*?\.(?= |$)/.exec(text)?.[0] ?? text;

/**
 * Two segments at most: what, since when, the link, its mark, and what it means for money as far as that fits. `mark` is
 * what it is recognized by (sms/provider.ts).
 */
export function alertSms({ incident, kind }: AlertNotice, { acknowledge }: NoticeLinks, mark: string): string {
  const severity = incident.severity.toUpperCase();
  const since = `Since ${minute(incident.since ?? incident.openedAt)}.`;
  const link = inGsm(acknowledge);
  const end = `Ref ${mark}`;
  // An address that leaves no room for what is wrong is left out: the mail has it, too.
  const least = gsmLength(`${severity}: . ${since} ${end}`) + 60;
  const way = least + gsmLength(link) + 1 <= twoSegments ? [link] : [];
  const fixed = gsmLength([severity, ': ', '. ', since, ' ', ...way, ' ', end].join(''));
  const headline = cutTo(inGsm(`${again[kind]}${headlineOf(incident)}`), twoSegments - fixed);
  const money = inGsm(sentenceOf(explain(incident).money));
  const room = twoSegments - fixed - gsmLength(headline) - 1;
  return [`${severity}: ${headline}.`, since, ...(gsmLength(money) <= room ? [money] : []), ...way, end].join(' ');
}
