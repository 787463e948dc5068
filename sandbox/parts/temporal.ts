import { Connection } from '@temporalio/client';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { searchAttributes } from '../../contracts/search-attributes.ts';
import { findBinary } from '../binaries.ts';
import { isListening } from '../processes/ports.ts';
import { portAt, type CoreAddresses, type Part, type PartContext } from './part.ts';

const NAMESPACE = 'default';

/** SQLite's defaults sync every commit; this keeps every workflow when the process is killed and is twice as fast. */
const PRAGMAS = ['journal_mode=WAL', 'synchronous=NORMAL'];

const DYNAMIC_CONFIG = [
  // The default of 20 polls a second makes every task wait about 35 ms for one.
  'history.transferProcessorMaxPollRPS=5000',
  'history.timerProcessorMaxPollRPS=5000',
  // One machine: partitions only forward to each other.
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
  'matching.enableFairness=true',
  // The default of 10 visibility calls a second is what the monitor alone needs.
  'frontend.namespaceRPS.visibility=1000',
  // A deletion waits for these: with the default of 30 s a deleted history stays readable for half a minute.
  'history.transferProcessorUpdateAckInterval="1s"',
  'history.visibilityProcessorUpdateAckInterval="1s"',
];

/** The names that the command line takes for the types of search attributes. */
const TYPE_NAMES = { KEYWORD: 'Keyword', INT: 'Int' } as const;

/**
 * The Temporal dev server with its Web UI, on a file: killed and started again it has every workflow. In memory it has none.
 */
export async function temporalPart(context: PartContext): Promise<Part<CoreAddresses['temporal']>> {
  const command = await findBinary('temporal', { onProgress: context.onProgress });
  const state = path.join(context.state, 'temporal');
  await mkdir(state);
  return {
    portsWanted: 4,
    address: addressOn,
    spec: (ports) => ({
      name: 'temporal',
      command,
      args: [
        ['server', 'start-dev', '--ip', '127.0.0.1', '--log-format', 'json', '--log-level', 'warn'],
        ['--port', String(portAt(ports, 0)), '--ui-port', String(portAt(ports, 1))],
        ['--http-port', String(portAt(ports, 2)), '--metrics-port', String(portAt(ports, 3))],
        ...(context.inMemory ? [] : onFile(path.join(state, 'temporal.db'))),
        ...DYNAMIC_CONFIG.map((setting) => ['--dynamic-config-value', setting]),
        ...Object.values(searchAttributes).map(({ name, type }) => [
          '--search-attribute',
          `${name}=${TYPE_NAMES[type]}`,
        ]),
      ].flat(),
      stopSignal: 'SIGTERM',
      graceMs: 5_000,
      readyWithinMs: 120_000,
      // The client backs off for a second when it finds the port closed: it is not asked before.
      ready: async () => (await isListening(portAt(ports, 0))) && isReady(addressOn(ports)),
    }),
  };
}

const onFile = (file: string): string[][] => [
  ['--db-filename', file],
  ...PRAGMAS.map((pragma) => ['--sqlite-pragma', pragma]),
];

function addressOn(ports: readonly number[]): CoreAddresses['temporal'] {
  return {
    address: `127.0.0.1:${portAt(ports, 0)}`,
    namespace: NAMESPACE,
    webUi: `http://127.0.0.1:${portAt(ports, 1)}`,
  };
}

/** A port that answers is not enough: a workflow that starts before the search attributes exist is refused. */
async function isReady({ address, namespace, webUi }: CoreAddresses['temporal']): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 1_000 });
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    await connection.workflowService.describeNamespace({ namespace });
    return (
      Object.values(searchAttributes).every(({ name }) => name in customAttributes) &&
      (await fetch(webUi, { signal: AbortSignal.timeout(2_000) })).ok
    );
  } finally {
    await connection.close();
  }
}
