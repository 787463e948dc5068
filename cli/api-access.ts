/** Where the API is, and as whom it is called: the environment first, else the sandbox that runs in `--dir`. */
import path from 'node:path';
import type { ApiAccess } from '../client/index.ts';
import { parseWorkflowId } from '../contracts/ids.ts';
import { type Environment, readJson, readSigningKey, UsageError } from './settings.ts';
import { sandboxAudience, sandboxIssuer, signingKeyFile, signToken } from './signing.ts';

const tokenMinutes = 5;

/** @throws UsageError naming what is missing. */
export async function apiAccess(env: Environment, dir: string, workflowId: string, as?: string): Promise<ApiAccess> {
  const url = env['BOXOFFICE_API_URL'];
  const token = env['BOXOFFICE_API_TOKEN'];
  if (url) {
    if (!token)
      throw new UsageError(
        'BOXOFFICE_API_TOKEN is not set: set it to a token of yours with the role approver or admin',
      );
    if (as !== undefined)
      throw new UsageError('--as is for the sandbox: outside of it, the token in BOXOFFICE_API_TOKEN says who decides');
    return { url, token };
  }
  const file = path.join(dir, 'endpoints.json');
  const endpoints = readJson(file);
  if (endpoints === undefined)
    throw new UsageError(
      `BOXOFFICE_API_URL is not set and no sandbox runs here (${file} is missing). Set it to the API's address and BOXOFFICE_API_TOKEN to a token, or start one with "npm run sandbox"`,
    );
  if (!hasApi(endpoints)) throw new UsageError(`${file} is not an endpoints file; start the sandbox again`);
  const tenant = parseWorkflowId(workflowId)?.tenantId;
  if (!tenant) throw new UsageError(`"${workflowId}" is not a workflow id such as payout:acme:payout-1`);
  return { url: endpoints.api, token: await sandboxToken(env, dir, tenant, as ?? `${tenant}-approver`) };
}

const hasApi = (value: unknown): value is { api: string } =>
  value !== null && typeof value === 'object' && 'api' in value && typeof value.api === 'string';

/** Made anew: those in endpoints.json live for an hour only, and each is one person. */
const sandboxToken = (env: Environment, dir: string, tenant: string, sub: string) =>
  signToken(readSigningKey(dir, signingKeyFile), {
    tenant,
    roles: ['approver'],
    sub,
    expiresIn: tokenMinutes * 60,
    issuer: env['JWT_ISSUER'] ?? sandboxIssuer,
    audience: env['JWT_AUDIENCE'] ?? sandboxAudience,
  });
