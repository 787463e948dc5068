import { numberFrom, runAsProcess } from '../sim/process.ts';
import { createSmtpSimulator } from './simulator.ts';

const { env } = process;
const { SMTP_USER: user, SMTP_PASS: pass } = env;
if (!user || !pass) throw new Error('SMTP_USER and SMTP_PASS are missing: the credentials that are accepted');

await runAsProcess('smtp', async () => {
  const simulator = await createSmtpSimulator({
    user,
    pass,
    host: env['HOST'] ?? '127.0.0.1',
    port: numberFrom(env, 'PORT', 0),
    httpPort: numberFrom(env, 'HTTP_PORT', 0),
  });
  const { host, port, url } = simulator;
  return { url: `smtp://${host}:${port} ${url}`, close: () => simulator.close() };
});
