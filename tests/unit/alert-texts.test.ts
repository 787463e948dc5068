import { describe, expect, it } from 'vitest';
import { alertMail, alertSms, alertWords, gsmLength } from '../../activities/providers/alerts/texts.ts';
import { twimlOf } from '../../activities/providers/voice/provider.ts';
import { savedViewLink } from '../../client/web-ui.ts';
import { explain, headlineOf, viewQueryOf } from '../../contracts/alert-words.ts';
import { alertTypes, type Incident, type NoticeKind, severities } from '../../contracts/alerts.ts';
import { smsMarkOf } from '../../contracts/hashes.ts';
import { laneNames, workflowQueues } from '../../contracts/task-queues.ts';
import { createAlertLinks } from '../../infrastructure/alert-links.ts';
import { incidentOf, noticeOf } from '../support/alert-twins.ts';

const notice = noticeOf();
const { incident } = notice;
const webUi = { url: 'http://127.0.0.1:8233/', namespace: 'box office' };
const linkOf = ({ alertId }: Incident, base = 'https://boxoffice.example.com') =>
  `${base}/alerts/acknowledge?token=${createAlertLinks('k'.repeat(32)).sign({ alertId, channel: 'email', role: 'escalation' })}`;
const links = { acknowledge: linkOf(incident), view: savedViewLink(webUi, viewQueryOf(incident), incident.type) };
const mark = smsMarkOf({ tenantId: 'platform', messageKey: 'm' });

/** One of each type and subject, with the longest id that the monitor makes. */
const subjects = ['platform', ...workflowQueues, ...laneNames] as const;
const every = alertTypes.flatMap((type) =>
  subjects.flatMap((subject) =>
    severities.map((severity) =>
      incidentOf({
        type,
        subject,
        severity,
        alertId: `${type}-${subject}-1800000000`,
        value: 123_456.7,
        threshold: 50_000,
      }),
    ),
  ),
);
const kinds: readonly NoticeKind[] = ['first', 'repeat', 'escalation'];
const everyNotice = every.flatMap((one) => kinds.map((kind) => noticeOf({ incident: one, kind, number: 12 })));

describe('a text message', () => {
  it('says what, since when, what it means for money, and how to acknowledge it', () => {
    expect(alertSms(notice, { acknowledge: 'https://b.example/a?token=t' }, mark)).toBe(
      `CRITICAL: money: 60 jobs wait, more than 50. Since 2027-01-15 07:58 UTC. Buyers and venues wait. https://b.example/a?token=t Ref ${mark}`,
    );
  });

  it('fits into two segments, whatever it is about, with link and mark whole', () => {
    const wrong = everyNotice.flatMap((one) => {
      const acknowledge = linkOf(one.incident);
      const text = alertSms(one, { acknowledge }, mark);
      const whole =
        text.startsWith(one.incident.severity.toUpperCase()) && text.endsWith(` ${acknowledge} Ref ${mark}`);
      return whole && gsmLength(text) <= 306 ? [] : [text];
    });
    expect(wrong).toEqual([]);
  });

  it('is written in the alphabet of which 306 characters fit', () => {
    const odd = incidentOf({ openedAt: incident.openedAt });
    const text = alertSms(noticeOf({ incident: odd }), { acknowledge: 'https://b.example/`~{|}\u{1F600}' }, mark);
    expect(gsmLength(text)).toBeLessThanOrEqual(306);
    expect(text).toContain("https://b.example/'~{|}?");
    expect([gsmLength('a'), gsmLength('~'), gsmLength('\u{1F600}')]).toEqual([1, 2, Infinity]);
  });

  it('leaves out an address that would leave no room for what is wrong', () => {
    const text = alertSms(notice, { acknowledge: linkOf(incident, `https://${'a'.repeat(200)}.example.com`) }, mark);
    expect(text).not.toContain('https://');
    expect(text).toContain(headlineOf(incident));
  });

  it('says whether it goes on, and that nobody acknowledged it', () => {
    const texts = kinds.map((kind) => alertSms({ ...notice, kind }, links, mark));
    expect(texts.map((text) => /^CRITICAL: (?<again>.*?)money:/u.exec(text)?.groups?.['again'])).toEqual([
      '',
      'Still: ',
      'Nobody acknowledged: ',
    ]);
  });
});

describe('a mail', () => {
  const mail = alertMail(notice, links);

  it('says in both parts what is wrong, since when, what it means for money, what to do, and both links', () => {
    const { wrong, money, todo } = explain(incident);
    expect(mail.subject).toBe('[critical] money: 60 jobs wait, more than 50');
    const html = mail.html.replaceAll('&amp;', '&').replaceAll('&#39;', "'");
    for (const said of [
      wrong,
      money,
      todo,
      links.acknowledge,
      links.view,
      incident.alertId,
      '15 January 2027 at 07:58 UTC',
      '60 jobs, the threshold is 50',
      '1 (first)',
    ]) {
      expect(mail.text).toContain(said);
      expect(html).toContain(said);
    }
  });

  it('leaves out the view where nobody said where the Web UI is', () => {
    const { text, html } = alertMail(notice, { acknowledge: links.acknowledge });
    expect(`${text}${html}`).not.toMatch(/Temporal|\{\{/u);
  });

  it('tells the second person why it is them', () => {
    const { subject, text } = alertMail({ ...notice, kind: 'escalation', number: 3 }, links);
    expect(subject).toBe('[critical] Nobody acknowledged: money: 60 jobs wait, more than 50');
    expect(text).toContain('the person on call did not acknowledge it in time');
  });

  it('of every type is whole', () => {
    const written = everyNotice.filter(({ incident: { subject } }) => subject === 'platform');
    expect(written.map((one) => JSON.stringify(alertMail(one, links))).join('\n')).not.toMatch(/undefined|\{\{|NaN/u);
  });
});

describe('a call', () => {
  it('says the headline twice', () => {
    const words = alertWords(notice);
    expect(words).toContain('critical. money: 60 jobs wait, more than 50.');
    const twiml = twimlOf(words);
    expect(twiml.split(`<Say>${words}</Say>`)).toHaveLength(3);
    expect(twiml).toMatch(/^<Response>.*<\/Response>$/u);
  });

  it('stays XML whatever is said', () => {
    const twiml = twimlOf(`a < b & "c" > 'd'</Say><Hangup/>\n\u0000`);
    expect(twiml).toContain('<Say>a &lt; b &amp; &quot;c&quot; &gt; &#39;d&#39;&lt;/Say&gt;&lt;Hangup/&gt;</Say>');
    expect(twiml).not.toContain('<Hangup/>');
  });

  it('is short enough for Twilio, whatever it is about', () => {
    expect(Math.max(...everyNotice.map((one) => twimlOf(alertWords(one)).length))).toBeLessThan(4_000);
  });
});

it('the view of it is a saved query of the Web UI', () => {
  const url = new URL(links.view);
  expect(url.pathname).toBe('/namespaces/box%20office/workflows');
  expect(Object.fromEntries(url.searchParams)).toEqual({ query: viewQueryOf(incident), savedQuery: 'queue-depth' });
});
