/** The Schedule that `boxoffice setup` makes elsewhere, so that it is seen in the Web UI here too. */
import { Client, Connection } from '@temporalio/client';
import { scheduleDailyRound } from '../client/index.ts';

export async function scheduleIn({ address, namespace }: { address: string; namespace: string }): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await scheduleDailyRound(new Client({ connection, namespace }));
  } finally {
    await connection.close();
  }
}
