import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import artefact from '../../activities/providers/chain/BoxofficeTickets.generated.json' with { type: 'json' };
import { TICKETS_VERSION, ticketsAbi } from '../../activities/providers/chain/abi.ts';
import { compileArtefact } from '../../scripts/compile-contract.ts';

const room = new URL('../../activities/providers/chain/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, room), 'utf8');

const shape = (item: { type: string; name?: string; inputs?: readonly { type: string }[] }) =>
  `${item.type} ${item.name ?? ''}(${(item.inputs ?? []).map((input) => input.type).join(',')})`;

describe('the contract’s artefact', () => {
  it('is what the compiler makes of the source, to the byte', () => {
    expect(compileArtefact()).toBe(read('BoxofficeTickets.generated.json'));
  }, 60_000);

  it('changes with the source, a comment included', () => {
    expect(compileArtefact(`${read('BoxofficeTickets.sol')}// more\n`)).not.toBe(
      read('BoxofficeTickets.generated.json'),
    );
  }, 60_000);

  it('has all that the adapter calls and reads', () => {
    const compiled = new Set(artefact.abi.map(shape));
    expect(ticketsAbi.map(shape).filter((wanted) => !compiled.has(wanted))).toEqual([]);
    expect(read('BoxofficeTickets.sol')).toContain(`return "${TICKETS_VERSION}";`);
  });
});
