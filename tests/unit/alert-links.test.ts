import { describe, expect, it } from 'vitest';
import { type AlertLink, createAlertLinks, linkLifetimeSeconds } from '../../infrastructure/alert-links.ts';

const key = 'k'.repeat(32);
const sentAt = Date.UTC(2027, 0, 15, 8);
const link: AlertLink = { alertId: 'queue-depth-money-1800000000', channel: 'sms', role: 'oncall' };
const at = (milliseconds: number) => createAlertLinks(key, () => milliseconds);
const token = at(sentAt).sign(link);

const other = (character: string) => (character === 'a' ? 'b' : 'a');

describe('the link in an alert', () => {
  it.each<AlertLink>([
    link,
    { ...link, channel: 'email', role: 'escalation' },
    { alertId: 'a'.repeat(64), channel: 'voice', role: 'oncall' },
    { alertId: '-', channel: 'email', role: 'oncall' },
  ])('says what it was made for: %j', (made) => {
    expect(at(sentAt).read(at(sentAt).sign(made))).toEqual({ link: made });
  });

  it('is short, and fits into a URL as it is', () => {
    expect(token).toMatch(/^[A-Za-z0-9_.-]{1,80}$/);
  });

  it('is good for a day, to the second', () => {
    const endsAt = sentAt + linkLifetimeSeconds * 1_000;
    expect(at(endsAt - 1).read(token)).toEqual({ link });
    expect(at(endsAt).read(token)).toEqual({ fault: 'old' });
  });

  it('that was changed anywhere is bad', () => {
    for (let index = 0; index < token.length; index += 1) {
      const changed = token.slice(0, index) + other(token[index]!) + token.slice(index + 1);
      expect([changed, at(sentAt).read(changed)]).toEqual([changed, { fault: 'bad' }]);
    }
  });

  it('whose last character only decodes to the same bits is bad, too', () => {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const twins = Array.from(letters, (last) => token.slice(0, -1) + last).filter((twin) => twin !== token);
    expect(twins.filter((twin) => at(sentAt).read(twin).fault !== 'bad')).toEqual([]);
  });

  it.each([
    ['nothing', ''],
    ['something else', 'hello'],
    ['another signature', `${token}x`],
    ['two of them', `${token}${token}`],
    ['a line break', `${token}\n`],
    ['another alert', token.replace('queue-depth', 'queue-age')],
    ['a later end', token.replace(/\.([0-9a-z]+)\.([^.]+)$/, '.zzzzzz.$2')],
    ['another role', token.replace('oncall', 'escalation')],
  ])('%s is bad', (_, text) => {
    expect(at(sentAt).read(text)).toEqual({ fault: 'bad' });
  });

  it('of another key is bad, also where it is old', () => {
    const other = createAlertLinks('o'.repeat(32), () => sentAt);
    expect(other.read(token)).toEqual({ fault: 'bad' });
    expect(createAlertLinks('o'.repeat(32), () => sentAt + 1e9).read(token)).toEqual({ fault: 'bad' });
  });

  it('is not made with a key that can be guessed', () => {
    expect(() => createAlertLinks('k'.repeat(31))).toThrow('ALERT_LINK_KEY');
  });
});
