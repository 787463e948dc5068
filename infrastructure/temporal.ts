/** Connections to Temporal, from one configuration for workers and clients. */
import { readFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import type { Config } from './config.ts';

type TemporalConfig = Config<'temporal'>['temporal'];

/** PEM text is accepted as it is; anything else is a file's path. */
const pem = (value: string) => Buffer.from(value.includes('-----BEGIN') ? value : readFileSync(value));

export function connectionOptions(config: TemporalConfig) {
  const { TEMPORAL_TLS_CA: ca, TEMPORAL_TLS_CERT: crt, TEMPORAL_TLS_KEY: key, TEMPORAL_API_KEY: apiKey } = config;
  const tls = {
    ...(ca ? { serverRootCACertificate: pem(ca) } : {}),
    ...(crt && key ? { clientCertPair: { crt: pem(crt), key: pem(key) } } : {}),
  };
  return {
    address: config.TEMPORAL_ADDRESS,
    ...(apiKey ? { apiKey } : {}),
    ...(ca || crt || apiKey ? { tls } : {}),
  };
}

/** Lazy: the process starts without the server and says so when it first needs it. */
export function createTemporalClient(config: TemporalConfig): Client {
  return new Client({ connection: Connection.lazy(connectionOptions(config)), namespace: config.TEMPORAL_NAMESPACE });
}
