import { Client } from 'pg';

/** The logins of a world. The migrations add the roles without login that they are granted. */
export const OWNER_LOGIN = 'boxoffice_owner';
export const APPLICATION_LOGIN = 'boxoffice';
export const DATABASE = 'boxoffice';

export interface Login {
  readonly port: number;
  readonly user: string;
  /** Hexadecimal, so that it needs no quoting in a URL or in SQL. */
  readonly password: string;
  readonly database: string;
}

export function connectionString({ port, user, password, database }: Login): string {
  return `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
}

/**
 * Creates the logins and the database that the owner owns. `superuser` is a connection string to the cluster's first
 * database.
 */
export async function createLogins(
  superuser: string,
  passwords: { owner: string; application: string },
): Promise<void> {
  await withClient(superuser, async (client) => {
    // CREATEROLE and BYPASSRLS: the migrations create the application's roles, one of which reads across tenants.
    await client.query(`CREATE ROLE ${OWNER_LOGIN} LOGIN CREATEROLE BYPASSRLS PASSWORD '${passwords.owner}'`);
    await client.query(`CREATE ROLE ${APPLICATION_LOGIN} LOGIN PASSWORD '${passwords.application}'`);
    await client.query(`CREATE DATABASE ${DATABASE} OWNER ${OWNER_LOGIN}`);
    await client.query(`REVOKE CONNECT, TEMPORARY ON DATABASE ${DATABASE} FROM PUBLIC`);
    await client.query(`GRANT CONNECT ON DATABASE ${DATABASE} TO ${APPLICATION_LOGIN}`);
  });
}

/**
 * Gives the application's login what the migrations created: it is `boxoffice_app`, and may become `boxoffice_system`
 * by SET ROLE only. Call after the migrations, with the owner's connection string; calling it again changes nothing.
 */
export async function grantApplicationRoles(ownerUrl: string): Promise<void> {
  await withClient(ownerUrl, async (client) => {
    await client.query(`GRANT boxoffice_app TO ${APPLICATION_LOGIN} WITH INHERIT TRUE`);
    await client.query(`GRANT boxoffice_system TO ${APPLICATION_LOGIN} WITH INHERIT FALSE, SET TRUE`);
  });
}

export async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // the query in progress reports it
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end();
  }
}
