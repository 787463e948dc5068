/** An API that the client's tests ask over HTTP. */
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';
import { type Boxoffice, createBoxoffice } from '../../client/index.ts';
import { type ApiWorld, createApiWorld, tokenOf } from '../api/api-world.ts';

export interface ClientApi {
  world: ApiWorld;
  /** With a token of the role. */
  boxoffice: Boxoffice;
}

/** For a file's top level: both are there as soon as its tests begin. */
export function useClientApi(role: string): ClientApi {
  const served = {} as ClientApi;
  beforeAll(async () => {
    const world = await createApiWorld();
    await world.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = world.app.server.address() as AddressInfo;
    const api = { url: `http://127.0.0.1:${port}`, token: () => tokenOf({ role }) };
    Object.assign(served, { world, boxoffice: createBoxoffice({ temporal: { client: world.temporal.client }, api }) });
  });
  afterAll(() => served.world.app.close());
  return served;
}
