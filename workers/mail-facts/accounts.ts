/** Facts of mails about an account: who it is for, and the link or code that stands nowhere else. */
import type { Contact } from '../../activities/ports.ts';
import type { MailContent } from '../../activities/providers/mail/render.ts';
import type { Store } from '../../store/index.ts';

export function createAccountFacts(store: Store, supportAddress: string) {
  const toPerson = ({ name }: Contact) => ({ ...(name === undefined ? {} : { name }), supportAddress });
  return {
    passwordReset: async (tenantId: string, contentRef: string, to: Contact): Promise<MailContent | undefined> => {
      const { link, expiresAt } = (await store.contents.read(tenantId, contentRef)) ?? {};
      if (link === undefined || expiresAt === undefined) return undefined;
      return { template: 'password-reset', data: { ...toPerson(to), link, expiresAt } };
    },

    verification: async (tenantId: string, contentRef: string, to: Contact): Promise<MailContent | undefined> => {
      const { link, code, expiresAt } = (await store.contents.read(tenantId, contentRef)) ?? {};
      if (code === undefined || expiresAt === undefined) return undefined;
      const shown = { code, expiresAt, ...(link === undefined ? {} : { link }) };
      return { template: 'verification', data: { ...toPerson(to), ...shown } };
    },

    welcome: async (tenantId: string, venueId: string, to: Contact): Promise<MailContent | undefined> => {
      const venue = await store.venues.get(tenantId, venueId);
      return venue && { template: 'welcome', data: { ...toPerson(to), venueName: venue.name } };
    },
  };
}
