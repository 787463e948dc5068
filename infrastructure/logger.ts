import { pino, type Logger } from 'pino';

export type { Logger } from 'pino';

/** Wherever these stand in a logged object, their values are not written. */
const secretPaths = [
  'authorization',
  'password',
  'secret',
  'token',
  'apiKey',
  'email',
  'phone',
  'client_secret',
].flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** One JSON line per event on stdout, UTC times, secrets and personal data redacted. */
export function createLogger(name: string, level: string): Logger {
  return pino({
    name,
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [...secretPaths, 'req.headers.authorization', 'req.headers["stripe-signature"]'],
      censor: '[redacted]',
    },
  });
}
