/** A whole number from the environment. @throws naming the variable. */
export function numberFrom(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new Error(`${name} is '${text}'; wanted is a whole number from 0 on`);
  return value;
}

/**
 * Runs a simulator as a process of its own: prints one line with its address when it is ready, and ends on SIGTERM,
 * SIGINT or when the parent that forked it is gone.
 */
export async function runAsProcess(
  name: string,
  start: () => Promise<{ url: string; close(): Promise<void> }>,
): Promise<void> {
  const simulator = await start();
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    void simulator.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.on('disconnect', end);
  console.log(`${name} ${simulator.url}`);
}
