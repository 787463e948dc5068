import { numberFrom, runAsProcess } from '../sim/process.ts';
import { createTwilioSimulator } from './simulator.ts';

const { env } = process;
const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken, TWILIO_FROM: from } = env;
if (!accountSid || !authToken || !from) {
  throw new Error('TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN or TWILIO_FROM is missing: what is accepted, and the sender');
}
const limit = numberFrom(env, 'TWILIO_LIMIT_PER_SECOND', 0);

await runAsProcess('twilio', () =>
  createTwilioSimulator({
    accountSid,
    authToken,
    numbers: [from],
    port: numberFrom(env, 'PORT', 0),
    host: env['HOST'] ?? '127.0.0.1',
    limits: { perSecond: limit === 0 ? null : limit },
  }),
);
