import { rm } from 'node:fs/promises';
import path from 'node:path';
import { writeEndpoints, type Endpoints } from './endpoints.ts';
import { anvilPart } from './parts/anvil.ts';
import type { CoreAddresses, CorePart, Part, PartContext } from './parts/part.ts';
import { postgresPart } from './parts/postgres.ts';
import { programSpec, type Program } from './parts/program.ts';
import { temporalPart } from './parts/temporal.ts';
import { valkeyPart } from './parts/valkey.ts';
import { Guardian } from './processes/guardian.ts';
import { ManagedProcess, PortTakenError, type Exit, type KillSignal, type ProcessSpec } from './processes/managed.ts';
import { PortBlock } from './processes/ports.ts';
import type { OnProgress } from './progress.ts';
import { claimFolder, releaseFolder, worldFolder, type WorldFolder } from './world-folder.ts';

export type { CoreAddresses, CorePart } from './parts/part.ts';
export type { Program } from './parts/program.ts';
export { grantApplicationRoles } from './parts/postgres-roles.ts';

export interface WorldOptions {
  /** Folder of the world, usually `.sandbox`: its lock, endpoints, logs and state. One running world each. */
  readonly dir: string;
  /** All four by default. */
  readonly parts?: readonly CorePart[];
  readonly onProgress?: OnProgress;
  /** A process ended although nobody killed or stopped it here. It can be started again. */
  readonly onUnexpectedExit?: (name: string, exit: Exit) => void;
  /** The engine keeps nothing on disk: faster, and killed it forgets every workflow. For measurements. */
  readonly inMemory?: boolean;
  /** How often the chain has a block, seconds; 1 unless given. */
  readonly blockSeconds?: number;
  /** The folder goes with its logs when this process ends without having stopped the world. */
  readonly temporary?: boolean;
}

/** What a world publishes; it adds the process ids itself. */
export type PublishedEndpoints = Omit<Endpoints, 'pids'>;

const CORE_PARTS: readonly CorePart[] = ['temporal', 'postgres', 'valkey', 'anvil'];
const PORT_CHOICES = 4;

/**
 * Starts the parts of the core at once and resolves when all of them are ready. Nothing is left behind when it fails.
 * @throws Error when the folder holds a running world, an executable cannot be found, or a part does not come up.
 */
export async function startWorld(options: WorldOptions): Promise<World> {
  return World.start(options);
}

/**
 * Stops the world in order on Ctrl-C, SIGTERM and SIGHUP and then ends this process; a second Ctrl-C ends it at once.
 */
export function stopOnSignals(world: World): void {
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
  for (const [signal, number] of Object.entries(numbers)) {
    process.once(signal, () => {
      void world.stop().finally(() => process.exit(128 + number));
    });
  }
}

/** A running world: each part and program is a process of its own on 127.0.0.1, in a process group of its own. */
export class World {
  readonly #folder: WorldFolder;
  readonly #ports: PortBlock;
  readonly #options: WorldOptions;
  readonly #guardian = new Guardian();
  readonly #addresses: { -readonly [Name in CorePart]?: CoreAddresses[Name] } = {};
  readonly #core = new Map<string, ManagedProcess>();
  readonly #programs = new Map<string, ManagedProcess>();
  readonly #closers: (() => void)[] = [];
  readonly #leftovers: string[] = [];
  #published: PublishedEndpoints | undefined;
  #writing: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  private constructor(folder: WorldFolder, ports: PortBlock, options: WorldOptions) {
    this.#folder = folder;
    this.#ports = ports;
    this.#options = options;
    // Not the lock: by then it may be that of the next world here, which finds ours stale.
    this.#guardian.hideAtEnd(folder.endpoints);
    if (options.temporary) this.#guardian.removeAtEnd(folder.dir);
  }

  /** startWorld in other words. */
  static async start(options: WorldOptions): Promise<World> {
    const folder = worldFolder(options.dir);
    await claimFolder(folder);
    const ports = await PortBlock.reserve().catch(async (error: unknown) => {
      await releaseFolder(folder);
      throw error;
    });
    const world = new World(folder, ports, options);
    // All of them to their end, so that nothing is started after the stop.
    const starts = await Promise.allSettled((options.parts ?? CORE_PARTS).map(async (name) => world.#startCore(name)));
    const failed = starts.find((start) => start.status === 'rejected');
    if (!failed) return world;
    await world.stop();
    throw failed.reason;
  }

  /** Absolute path of the world's folder. */
  get dir(): string {
    return this.#folder.dir;
  }

  /** Where a part of the core is reached. @throws Error when this world was started without it. */
  address<Name extends CorePart>(name: Name): CoreAddresses[Name] {
    const address = this.#addresses[name];
    if (address === undefined) throw new Error(`this world has no ${name}: add it to the parts given to startWorld`);
    return address;
  }

  /** A free port on 127.0.0.1 that no other world takes, for a program that is added next. */
  async freePort(): Promise<number> {
    return this.#ports.take();
  }

  /**
   * Starts a program of ours and resolves when it is ready. @throws Error with the end of its log when it does not come
   * up.
   */
  async add(program: Program): Promise<void> {
    if (this.#find(program.name)) throw new Error(`this world already has a process named ${program.name}`);
    const added = this.#managed(programSpec(program));
    this.#programs.set(program.name, added);
    await this.#startTimed(added);
    await this.#writeEndpoints();
  }

  /** Starts what was killed, on the same ports and with the same state, and resolves when it is ready. */
  async start(name: string): Promise<void> {
    await this.#startTimed(this.#named(name));
    await this.#writeEndpoints();
  }

  /** Kills a process with its helpers and resolves when it has ended. SIGKILL by default, as a crash would. */
  async kill(name: string, signal: KillSignal = 'SIGKILL'): Promise<void> {
    await this.#named(name).kill(signal);
    await this.#writeEndpoints();
  }

  /** Process ids by name, of what runs now. */
  pids(): Record<string, number> {
    const running: Record<string, number> = {};
    for (const [name, { pid }] of [...this.#core, ...this.#programs]) if (pid !== undefined) running[name] = pid;
    return running;
  }

  /** Absolute path of the log file of a process. */
  logFile(name: string): string {
    return this.#named(name).logFile;
  }

  /** Writes `endpoints.json`, keeps its process ids true from now on, and removes it when the world stops. */
  async publish(endpoints: PublishedEndpoints): Promise<void> {
    this.#published = endpoints;
    await this.#writeEndpoints();
  }

  /**
   * Stops the programs, last added first, then the core, and cleans up. The logs stay. Calling it again waits for the
   * same stop.
   */
  async stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #startCore(name: CorePart): Promise<void> {
    switch (name) {
      case 'temporal':
        this.#addresses.temporal = await this.#startPart(name, temporalPart);
        break;
      case 'postgres':
        this.#addresses.postgres = await this.#startPart(name, postgresPart);
        break;
      case 'valkey':
        this.#addresses.valkey = await this.#startPart(name, valkeyPart);
        break;
      case 'anvil':
        this.#addresses.anvil = await this.#startPart(name, anvilPart);
        break;
    }
  }

  async #startPart<Address>(name: string, make: (context: PartContext) => Promise<Part<Address>>): Promise<Address> {
    const part = await make({
      state: this.#folder.state,
      inMemory: this.#options.inMemory ?? false,
      blockSeconds: this.#options.blockSeconds ?? 1,
      onProgress: this.#options.onProgress,
      removeAtEnd: (leftover) => {
        this.#leftovers.push(leftover);
        this.#guardian.removeAtEnd(leftover);
      },
    });
    if (part.close) this.#closers.push(part.close);
    const ports = await this.#startOnFreePorts(name, part);
    await part.firstStart?.(ports);
    return part.address(ports);
  }

  /** Somebody outside may take a port between our look and the server's bind: then others are chosen. */
  async #startOnFreePorts<Address>(name: string, part: Part<Address>): Promise<readonly number[]> {
    for (let choice = 1; ; choice += 1) {
      const ports: number[] = [];
      while (ports.length < part.portsWanted) ports.push(await this.#ports.take());
      const managed = this.#managed(part.spec(ports));
      this.#core.set(name, managed);
      try {
        await this.#startTimed(managed);
        return ports;
      } catch (error) {
        if (!(error instanceof PortTakenError) || choice === PORT_CHOICES) throw error;
      }
    }
  }

  #managed(spec: ProcessSpec): ManagedProcess {
    const log = path.join(this.#folder.logs, `${spec.name}.log`);
    return new ManagedProcess(spec, log, this.#guardian, (exit) => {
      void this.#writeEndpoints().catch(() => undefined); // the next change writes them again
      this.#options.onUnexpectedExit?.(spec.name, exit);
    });
  }

  async #startTimed(managed: ManagedProcess): Promise<void> {
    if (this.#stopped) throw new Error(`${managed.spec.name} cannot be started: the world is stopping`);
    const { name } = managed.spec;
    const startedAt = performance.now();
    this.#options.onProgress?.({ kind: 'starting', name });
    await managed.start();
    this.#options.onProgress?.({ kind: 'ready', name, milliseconds: performance.now() - startedAt });
  }

  #find(name: string): ManagedProcess | undefined {
    return this.#core.get(name) ?? this.#programs.get(name);
  }

  #named(name: string): ManagedProcess {
    const found = this.#find(name);
    if (found) return found;
    const known = [...this.#core.keys(), ...this.#programs.keys()].join(', ');
    throw new Error(`this world has no process named ${name}; it has ${known}`);
  }

  /** One after the other, so that the last write tells the last state. */
  async #writeEndpoints(): Promise<void> {
    const before = this.#writing;
    const write = (async () => {
      await before;
      if (!this.#published || this.#stopped) return;
      await writeEndpoints(this.#folder.endpoints, { ...this.#published, pids: this.pids() });
    })();
    this.#writing = write.catch(() => undefined);
    return write;
  }

  async #stop(): Promise<void> {
    await this.#writing;
    await rm(this.#folder.endpoints, { force: true }); // first: whoever reads it now would find a world that goes away
    for (const program of [...this.#programs.values()].toReversed()) await program.stop();
    await Promise.all([...this.#core.values()].map(async (part) => part.stop()));
    // Again: one that was being started when this began may have come only now.
    for (const managed of [...this.#programs.values(), ...this.#core.values()]) await managed.stop();
    for (const close of this.#closers) close();
    for (const leftover of this.#leftovers) await rm(leftover, { recursive: true, force: true });
    await releaseFolder(this.#folder);
    await this.#ports.release();
    await this.#guardian.close();
  }
}
