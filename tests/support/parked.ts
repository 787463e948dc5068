/** Purchases that wait for a person, and the command line that the person types into. */
import { connectTo, runCli } from '../../cli/program.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import { until } from '../../sandbox/processes/until.ts';
import { callsOf, simulatorAt } from './faults.ts';
import { type Shop, workflowIdOf } from './purchases.ts';

const withinMs = 20_000;

/** The provider says so often that our key is wrong, so the capture comes to rest. */
export async function parkPurchase(shop: Shop, times: number): Promise<{ order: PurchaseOrder; workflowId: string }> {
  const order = shop.order();
  const workflowId = workflowIdOf(order);
  await simulatorAt(shop.endpoints.stripe).add({
    kind: 'status',
    status: 401,
    times,
    match: { method: 'POST', keyRegex: callsOf(workflowId, 'capture') },
  });
  const handle = await shop.boxoffice.payments.purchase(order, { deadlineMs: 60_000 });
  const waits = async () => (await handle.status()).attention === 'review';
  if (!(await until(waits, { withinMs }))) throw new Error(`${workflowId} does not wait for a person`);
  return { order, workflowId };
}

/** `boxoffice …` as it is typed where the sandbox in that folder runs. */
export const worldCli =
  (dir: string) =>
  async (...args: string[]): Promise<{ code: number; out: string; err: string }> => {
    const [out, err]: [string[], string[]] = [[], []];
    const code = await runCli(['--dir', dir, ...args], {
      env: {},
      out: (text) => out.push(text),
      err: (text) => err.push(text),
      connect: connectTo,
      setUpContract: () => Promise.reject(new Error('not to be called')),
    });
    return { code, out: out.join('\n'), err: err.join('\n') };
  };
