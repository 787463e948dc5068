/** Mails about an account. Links are https, checked where they come in; times ISO 8601 UTC. */
import type { View } from '../fill.ts';
import { greetingOf, support, timeText } from './words.ts';

interface Person {
  /** As the person wants to be called; absent where nobody said. */
  name?: string;
  supportAddress: string;
}

export interface PasswordResetData extends Person {
  link: string;
  expiresAt: string;
}

export interface VerificationData extends Person {
  code: string;
  link?: string;
  expiresAt: string;
}

export interface WelcomeData extends Person {
  venueName: string;
}

const sender = 'Boxoffice';

const toPerson = ({ name, supportAddress }: Person) => ({ greeting: greetingOf(name), ...support(supportAddress) });

export const passwordResetView = (data: PasswordResetData): View => ({
  ...toPerson(data),
  kicker: sender,
  heading: 'Choose a new password',
  link: data.link,
  expiresAt: timeText(data.expiresAt),
});

export const verificationView = (data: VerificationData): View => ({
  ...toPerson(data),
  kicker: sender,
  heading: 'Is it you?',
  code: data.code,
  expiresAt: timeText(data.expiresAt),
  links: data.link === undefined ? [] : [{ link: data.link }],
});

export const welcomeView = (data: WelcomeData): View => ({
  ...toPerson(data),
  kicker: data.venueName,
  heading: `Welcome to ${data.venueName}`,
  venueName: data.venueName,
});
