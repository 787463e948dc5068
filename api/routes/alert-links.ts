/**
 * Acknowledging by the link in an alert: open to whoever has it, proven by its signature alone. Opening it shows what it is
 * about; only the button changes anything.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { AlertLink } from '../../infrastructure/alert-links.ts';
import type { AlertRecord } from '../../store/index.ts';
import { alertPage, faultPages, pagePolicy } from '../alert-page.ts';
import { viewLinkOf } from '../alert-view.ts';
import type { ApiDeps } from '../deps.ts';

const path = '/alerts/acknowledge';
const Token = Type.Object({ token: Type.Optional(Type.String({ description: 'token: as it stands in the link' })) });
const schemaOf = (summary: string) => ({ tags: ['alerts'], summary, security: [] });

export async function alertLinkRoutes(
  app: FastifyInstance,
  { store, alertLinks, webUi }: Pick<ApiDeps, 'store' | 'alertLinks' | 'webUi'>,
): Promise<void> {
  // A form of HTML, and nothing else.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );

  /** `find` is asked only for a link that is good. */
  async function answer(
    reply: FastifyReply,
    token: string,
    find: (link: AlertLink) => Promise<AlertRecord | undefined>,
  ): Promise<string> {
    void reply.type('text/html; charset=utf-8').header('content-security-policy', pagePolicy);
    void reply.header('cache-control', 'no-store').header('referrer-policy', 'no-referrer');
    const fault = (name: keyof typeof faultPages) => {
      void reply.code(faultPages[name].status);
      return faultPages[name].html;
    };
    const read = alertLinks.read(token);
    if (read.fault) return fault(read.fault);
    let found: AlertRecord | undefined;
    try {
      found = await find(read.link);
    } catch (error) {
      reply.log.error({ err: error }, 'an alert could not be looked up');
      return fault('away');
    }
    return found ? alertPage(found, { token, viewLink: viewLinkOf(webUi, found.incident) }) : fault('unknown');
  }

  app.get<{ Querystring: { token?: string } }>(
    path,
    {
      config: { access: 'public' },
      schema: { ...schemaOf('What the link in an alert is about; changes nothing'), querystring: Token },
    },
    async ({ query }, reply) => answer(reply, query.token ?? '', ({ alertId }) => store.alerts.get(alertId)),
  );

  app.post<{ Body: { token?: string } }>(
    path,
    { config: { access: 'public' }, schema: { ...schemaOf('Acknowledge by the link in an alert'), body: Token } },
    async ({ body }, reply) =>
      answer(reply, body.token ?? '', ({ alertId, channel, role }) =>
        store.alerts.acknowledge(alertId, { by: `link:${channel}:${role}`, at: new Date().toISOString() }),
      ),
  );
}
