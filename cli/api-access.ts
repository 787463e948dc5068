/** Where the API is, and as whom it is called: the environment first, else the sandbox that runs in `--dir`. */
import path from 'node:path';
import type { ApiAccess } from '../client/index.ts';
import { parseWorkflowId } from '../contracts/ids.ts';
import { type Environment, readJson, readSigningKey, UsageError } from './settings.ts';
import { sandboxAudience, sandboxIssuer, signingKeyFile, signToken } from './signing.ts';

const tokenMinutes = 5;

/** For what is decided about one workflow. @throws UsageError naming what is missing. */
export const apiAccess = (env: Environment, dir: string, workflowId: string, as?: string): Promise<ApiAccess> =>
  deciderAccess(
    env,
    dir,
    { tenant: parseWorkflowId(workflowId)?.tenantId, as },
    `"${workflowId}" is not a workflow id such as payout:acme:payout-1`,
  );

/** As somebody who decides for a tenant, which only a sandbox has to be told. @throws UsageError naming what is missing. */
export const deciderAccess = (
  env: Environment,
  dir: string,
  { tenant, as }: { tenant?: string | undefined; as?: string | undefined },
  noTenant = 'in the sandbox, name a tenant: --tenant acme',
): Promise<ApiAccess> =>
  accessOf(env, dir, {
    roles: 'approver or admin',
    as,
    sandbox: () => {
      if (!tenant) throw new UsageError(noTenant);
      return { tenant, role: 'approver', sub: as ?? `${tenant}-approver` };
    },
  });

/** For what is no tenant's: an admin of the platform. @throws UsageError naming what is missing. */
export const adminAccess = (env: Environment, dir: string, as?: string): Promise<ApiAccess> =>
  accessOf(env, dir, {
    roles: 'admin (operator or viewer to look)',
    as,
    sandbox: () => ({ tenant: 'platform', role: 'admin', sub: as ?? 'platform-admin' }),
  });

/** To look at what is a tenant's own; in the environment the token says whose. @throws UsageError naming what is missing. */
export async function tenantAccess(env: Environment, dir: string, tenant: string | undefined): Promise<ApiAccess> {
  const access = await accessOf(env, dir, {
    roles: 'operator, viewer or admin',
    sandbox: () => {
      if (tenant === undefined) throw new UsageError('name the tenant with --tenant, e.g. --tenant acme');
      return { tenant, role: 'viewer', sub: `${tenant}-viewer` };
    },
  });
  const whose = tenantIn(access.token);
  if (tenant !== undefined && whose !== undefined && whose !== tenant)
    throw new UsageError(`BOXOFFICE_API_TOKEN is a token of tenant "${whose}"; set it to one of "${tenant}"`);
  return access;
}

interface Caller {
  tenant: string;
  role: string;
  sub: string;
}
interface Wanted {
  /** Of a token in the environment. */
  roles: string;
  as?: string | undefined;
  /** Who it is in a sandbox, once there is one. */
  sandbox: () => Caller;
}

async function accessOf(env: Environment, dir: string, { roles, as, sandbox }: Wanted): Promise<ApiAccess> {
  const configured = fromEnvironment(env, roles, as);
  if (configured) return configured;
  const url = sandboxApi(dir);
  return { url, token: await sandboxToken(env, dir, sandbox()) };
}

/** The tenant that a token says it is of, unverified; undefined where it cannot be read. */
function tenantIn(token: ApiAccess['token']): string | undefined {
  const [, payload = ''] = typeof token === 'string' ? token.split('.') : [];
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return claims !== null && typeof claims === 'object' && 'tenant' in claims && typeof claims.tenant === 'string'
      ? claims.tenant
      : undefined;
  } catch {
    return undefined;
  }
}

function fromEnvironment(env: Environment, roles: string, as: string | undefined): ApiAccess | undefined {
  const url = env['BOXOFFICE_API_URL'];
  const token = env['BOXOFFICE_API_TOKEN'];
  if (!url) return undefined;
  if (!token) throw new UsageError(`BOXOFFICE_API_TOKEN is not set: set it to a token of yours with the role ${roles}`);
  if (as !== undefined)
    throw new UsageError('--as is for the sandbox: outside of it, the token in BOXOFFICE_API_TOKEN says who decides');
  return { url, token };
}

/** Base URL of the sandbox's API. */
function sandboxApi(dir: string): string {
  const file = path.join(dir, 'endpoints.json');
  const endpoints = readJson(file);
  if (endpoints === undefined)
    throw new UsageError(
      `BOXOFFICE_API_URL is not set and no sandbox runs here (${file} is missing). Set it to the API's address and BOXOFFICE_API_TOKEN to a token, or start one with "npm run sandbox"`,
    );
  if (!hasApi(endpoints)) throw new UsageError(`${file} is not an endpoints file; start the sandbox again`);
  return endpoints.api;
}

const hasApi = (value: unknown): value is { api: string } =>
  value !== null && typeof value === 'object' && 'api' in value && typeof value.api === 'string';

/** Made anew: those in endpoints.json live for an hour only, and each is one person. */
const sandboxToken = (env: Environment, dir: string, { tenant, role, sub }: Caller) =>
  signToken(readSigningKey(dir, signingKeyFile), {
    tenant,
    roles: [role],
    sub,
    expiresIn: tokenMinutes * 60,
    issuer: env['JWT_ISSUER'] ?? sandboxIssuer,
    audience: env['JWT_AUDIENCE'] ?? sandboxAudience,
  });
