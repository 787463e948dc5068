import { defineConfig } from 'vitest/config';

// `unit` needs nothing but Node; `workflow` runs on Temporal's test server, `lanes` on Valkeys of its own; `world` starts real
// servers and runs one file at a time, because two cores cannot drive two worlds without turning every time-out into a coin
// toss. Files of a worker share their modules, which hold no state: loading them anew for each file cost a quarter of the
// time.
export default defineConfig(({ mode }) => ({
  test: {
    reporters: ['default'],
    projects: [
      {
        test: {
          name: 'unit',
          sequence: { groupOrder: 1 },
          include: ['tests/{unit,replay,api}/**/*.test.ts'],
          testTimeout: 20_000,
          isolate: false,
        },
      },
      {
        test: {
          name: 'workflow',
          sequence: { groupOrder: 2 },
          include: ['tests/workflow/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          isolate: false,
        },
      },
      {
        test: {
          name: 'world',
          sequence: { groupOrder: 4 },
          // What takes minutes and proves again what the others prove apart: `npm run test:full`.
          include: [`tests/${mode === 'full' ? '{integration,full}' : 'integration'}/**/*.test.ts`],
          globalSetup: ['tests/support/postgres-server.ts', 'tests/support/shared-world.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          isolate: false,
        },
      },
      {
        test: {
          name: 'lanes',
          sequence: { groupOrder: 5 },
          include: ['tests/lanes/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          isolate: false,
        },
      },
    ],
  },
}));
