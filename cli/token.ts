/** `boxoffice token`: for trying things out, in the sandbox only. */
import type { Command } from 'commander';
import { wholeNumber } from './options.ts';
import { type Environment, readSigningKey, UsageError } from './settings.ts';
import { sandboxAudience, sandboxIssuer, signingKeyFile, signToken } from './signing.ts';

const roles = ['service', 'operator', 'approver', 'admin', 'viewer'];

interface Options {
  tenant: string;
  role: string[];
  sub?: string;
  minutes: number;
}

export function addToken(program: Command, env: Environment, print: (text: string, data: unknown) => void): void {
  program
    .command('token')
    .description("print a bearer token for the sandbox's API")
    .requiredOption('--tenant <tenant>', 'the tenant, e.g. acme')
    .requiredOption('--role <role...>', `one or more of ${roles.join(', ')}`)
    .option('--sub <id>', 'who acts, an opaque id (default: the role)')
    .option('--minutes <count>', 'how long it is valid, 1 to 60', wholeNumber, 60)
    .action(async ({ tenant, role, sub = role.join('-'), minutes }: Options) => {
      const unknown = role.filter((one) => !roles.includes(one));
      if (unknown.length > 0) throw new UsageError(`--role ${unknown.join(' ')} is not one of ${roles.join(', ')}`);
      if (minutes > 60) throw new UsageError(`--minutes is ${minutes}; the API accepts 60 at most`);
      const key = readSigningKey(program.opts<{ dir: string }>().dir, signingKeyFile);
      const token = await signToken(key, {
        tenant,
        roles: role,
        sub,
        expiresIn: minutes * 60,
        issuer: env['JWT_ISSUER'] ?? sandboxIssuer,
        audience: env['JWT_AUDIENCE'] ?? sandboxAudience,
      });
      print(token, { token });
    });
}
