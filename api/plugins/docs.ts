/** OpenAPI, and pages to read it. Behind a token like everything else, unless the deployment opens it. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';

export const docsPrefix = '/docs';

async function docsPlugin(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Boxoffice',
        version: '1',
        description:
          'Purchases as durable workflows. Amounts are integers in minor units. Every error is a problem detail that says what moved and what to do next. Sending the same request with the same Idempotency-Key is always safe.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
      security: [{ token: [] }],
    },
  });
  await app.register(swaggerUi, { routePrefix: docsPrefix, staticCSP: true });
}

export const docs = fp(docsPlugin, { name: 'docs' });
