import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readEndpoints, writeEndpoints, type Endpoints } from '../../sandbox/endpoints.ts';

const endpoints: Endpoints = {
  temporal: { address: '127.0.0.1:20001', namespace: 'default' },
  webUi: 'http://127.0.0.1:20002',
  api: 'http://127.0.0.1:20003',
  postgres: 'postgres://boxoffice:x@127.0.0.1:20004/boxoffice',
  postgresOwner: 'postgres://boxoffice_owner:x@127.0.0.1:20004/boxoffice',
  redis: 'redis://127.0.0.1:20005',
  stripe: 'http://127.0.0.1:20006',
  twilio: 'http://127.0.0.1:20011',
  smtp: { host: '127.0.0.1', port: 20007, inbox: 'http://127.0.0.1:20008/messages' },
  chainRpc: 'http://127.0.0.1:20009',
  chain: { contract: '0x5FbDB2315678afecb367f032d93F642f64180aa3', chainId: 31337 },
  metrics: 'http://127.0.0.1:20010/metrics',
  tokens: { acme: { service: 'token' } },
  pids: { temporal: 4711 },
};
let dir: string;
let file: string;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'boxoffice-endpoints-'));
  file = path.join(dir, 'endpoints.json');
});
afterEach(async () => rm(dir, { recursive: true }));

test('what was written is read back; only the owner may read it, and nothing else stays', async () => {
  await writeEndpoints(file, { ...endpoints, pids: {} });
  await writeEndpoints(file, endpoints);
  expect(await readEndpoints(dir)).toEqual(endpoints);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(dir)).toEqual(['endpoints.json']);
});

test('where no world runs the remedy is named', async () => {
  await expect(readEndpoints(dir)).rejects.toThrow(/no sandbox is running here .*: npm run sandbox/);
});

test('a file of another shape is refused, naming the field', async () => {
  await writeFile(file, JSON.stringify({ ...endpoints, webUi: undefined, chain: { contract: '0x', chainId: '1' } }));
  await expect(readEndpoints(dir)).rejects.toThrow(/webUi.*chain\/chainId/);
});
