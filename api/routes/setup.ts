/** What has to exist before a purchase or a message: venues, events, where messages go, and what only they may show. */
import { randomBytes } from 'node:crypto';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { opaqueIdOf } from '../../contracts/hashes.ts';
import { checkVenue } from '../../contracts/schema/validate-venue.ts';
import { MessageContentBody } from '../../contracts/schema/contents.ts';
import { ContactBody, EventBody, isOfItsKind, VenueBody } from '../../contracts/schema/setup.ts';
import { InvalidRequestError } from '../../contracts/schema/validate.ts';
import type { ApiDeps } from '../deps.ts';
import { callerOf } from '../plugins/auth.ts';
import { answers, IdParams } from '../schemas.ts';

export async function setupRoutes(instance: FastifyInstance, deps: ApiDeps): Promise<void> {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const { store, contactIdKey } = deps;
  const tags = ['setup'];

  app.put(
    '/venues/:id',
    {
      config: { access: 'venues.write' },
      schema: { tags, summary: 'Create or change a venue', params: IdParams, body: VenueBody, response: answers({}) },
    },
    async (request) => {
      const { id } = request.params;
      checkVenue(request.body);
      await store.venues.put(callerOf(request).tenantId, id, request.body);
      return { id, ...request.body };
    },
  );

  app.put(
    '/events/:id',
    {
      config: { access: 'events.write' },
      schema: { tags, summary: 'Create or change an event', params: IdParams, body: EventBody, response: answers({}) },
    },
    async (request) => {
      const { id } = request.params;
      const { venueId } = request.body;
      if (await store.events.put(callerOf(request).tenantId, id, request.body)) return { id, ...request.body };
      throw new InvalidRequestError([
        { field: 'venueId', value: venueId, accepted: 'a venue that exists (PUT /venues/:id makes one)' },
      ]);
    },
  );

  app.post(
    '/contacts',
    {
      config: { access: 'contacts.write' },
      schema: {
        tags,
        summary: 'Store an address or a phone number; the answer is the reference that stands for it everywhere else',
        body: ContactBody,
        response: answers({}),
      },
    },
    async (request) => {
      const { tenantId } = callerOf(request);
      const contact = request.body;
      if (!isOfItsKind(contact)) {
        throw new InvalidRequestError([{ field: 'value', accepted: `what the kind "${contact.kind}" says` }]);
      }
      const ref = `c_${opaqueIdOf(contactIdKey, `${tenantId}/${contact.value}`)}`;
      await store.contacts.put({ tenantId, ref, ...contact });
      return contact.kind === 'phone' ? { phoneRef: ref } : { emailRef: ref };
    },
  );

  app.post(
    '/message-contents',
    {
      config: { access: 'contacts.write' },
      schema: {
        tags,
        summary:
          'Store a link or a code that only a message may show; the answer is what stands for it until it expires',
        body: MessageContentBody,
        response: answers({}),
      },
    },
    async (request) => {
      const { tenantId } = callerOf(request);
      const ref = `m_${randomBytes(20).toString('hex')}`;
      const { expiresAt } = await store.contents.put({ tenantId, ref, ...request.body });
      return { contentRef: ref, expiresAt };
    },
  );
}
