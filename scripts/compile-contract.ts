/**
 * Compiles the ticket contract with pinned settings and writes its artefact beside the source.
 *
 *   node --import tsx scripts/compile-contract.ts           write the artefact
 *   node --import tsx scripts/compile-contract.ts --check   exit 1 when the committed artefact is stale
 *
 * The artefact is committed, so that a worker needs no compiler; the check compiles again and compares every byte.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import solc from 'solc';

const CONTRACT = 'BoxofficeTickets';
const room = new URL('../activities/providers/chain/', import.meta.url);
const sourceUrl = new URL(`${CONTRACT}.sol`, room);
const artefactUrl = new URL(`${CONTRACT}.generated.json`, room);

/**
 * `runs` weighs calls over deployment: a contract is deployed once. `cancun` is what OpenZeppelin 5.7 needs (mcopy) and
 * every chain of interest has. Without the metadata hash the bytecode depends on code and settings only.
 */
const settings = {
  optimizer: { enabled: true, runs: 10_000 },
  evmVersion: 'cancun',
  metadata: { appendCBOR: false, bytecodeHash: 'none' },
  outputSelection: { [`${CONTRACT}.sol`]: { [CONTRACT]: ['abi', 'evm.bytecode.object'] } },
} as const;

interface SolcOutput {
  errors?: { severity: string; formattedMessage: string }[];
  contracts?: Record<string, Record<string, { abi: unknown[]; evm: { bytecode: { object: string } } }>>;
}
type Compile = (input: string, callbacks: { import: (path: string) => { contents: string } }) => string;

/** The artefact's text: the same bytes for the same sources, settings and compiler. Throws with solc's own messages. */
export function compileArtefact(source: string = readFileSync(sourceUrl, 'utf8')): string {
  const require = createRequire(import.meta.url);
  const sources = new Map([[`${CONTRACT}.sol`, source]]);
  const load = (path: string) => {
    const contents = readFileSync(require.resolve(path), 'utf8');
    sources.set(path, contents);
    return { contents };
  };
  const input = { language: 'Solidity', sources: { [`${CONTRACT}.sol`]: { content: source } }, settings };
  const compile: Compile = solc.compile;
  const output: SolcOutput = JSON.parse(compile(JSON.stringify(input), { import: load }));
  if (output.errors?.length) throw new Error(output.errors.map((error) => error.formattedMessage).join('\n'));
  const compiled = output.contracts?.[`${CONTRACT}.sol`]?.[CONTRACT];
  if (!compiled) throw new Error(`solc returned no contract ${CONTRACT}`);

  const sorted = [...sources].sort(([a], [b]) => (a < b ? -1 : 1));
  const artefact = {
    abi: compiled.abi,
    bytecode: `0x${compiled.evm.bytecode.object}`,
    compiler: { version: String(solc.version()), settings },
    sourceHash: createHash('sha256').update(JSON.stringify(sorted)).digest('hex'),
  };
  return `${JSON.stringify(artefact, null, 2)}\n`;
}

function main(check: boolean): void {
  const fresh = compileArtefact();
  if (!check) {
    writeFileSync(artefactUrl, fresh);
    return;
  }
  const committed = existsSync(artefactUrl) ? readFileSync(artefactUrl, 'utf8') : '';
  if (committed === fresh) return;
  console.error(
    `${CONTRACT}.generated.json is stale: run \`node --import tsx scripts/compile-contract.ts\` and commit the result`,
  );
  process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.includes('--check'));
