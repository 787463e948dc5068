/** Transfers and burns as services and operators ask for them. */
import { beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../cli/program.ts';
import { type Boxoffice, createBoxoffice, IdempotencyConflictError, InvalidOrderError } from '../../client/index.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import type { MoveResult } from '../../contracts/ticket-move.ts';
import { FakeTemporal } from '../support/fake-temporal.ts';

const workflowId = 'transfer:acme:t-1';
const toWallet = `0x${'2'.repeat(40)}`;
const asked = { tenantId: 'acme', ticketId: 'seat-1', reason: 'sold on', requestedBy: 'operator' };
const transfer = { ...asked, transferId: 't-1', toWallet };
const ticket = { ticketId: 'seat-1', tokenId: '7' };
const transactionHash = `0x${'ab'.repeat(32)}`;
const transferred: MoveResult = { status: 'transferred', moneyMoved: 'none', ticket, toWallet, transactionHash };

let temporal: FakeTemporal;
let boxoffice: Boxoffice;
beforeEach(() => {
  temporal = new FakeTemporal();
  boxoffice = createBoxoffice({ temporal: { client: temporal.client } });
});

async function cli(...args: string[]) {
  const out: string[] = [];
  const code = await runCli(['tickets', ...args], {
    env: { TEMPORAL_ADDRESS: 'here:7233' },
    out: (text) => out.push(text),
    err: (text) => out.push(text),
    connect: () => ({ client: temporal.client, boxoffice, close: async () => undefined }),
    setUpContract: async () => ({ what: 'contract', done: 'skipped', detail: '' }),
  });
  return { code, out: out.join('\n') };
}

describe('tickets.transfer()', () => {
  it('starts a transfer under its own id, once', async () => {
    const first = await boxoffice.tickets.transfer(transfer);
    const run = temporal.run(workflowId);
    expect(first).toMatchObject({ id: 't-1', workflowId, created: true, runId: run.runId });
    expect(run.input).toEqual({ request: transfer, fingerprint: fingerprintOf(transfer) });
    expect(run.request).toMatchObject({
      workflowType: { name: 'transfer' },
      taskQueue: { name: 'money' },
      workflowIdReusePolicy: 3, // REJECT_DUPLICATE
      workflowIdConflictPolicy: 1, // FAIL
      priority: { priorityKey: 2, fairnessKey: 'acme' },
    });
    temporal.close(workflowId, transferred);
    const again = await boxoffice.tickets.transfer(transfer);
    expect(again.created).toBe(false);
    expect(await again.result()).toEqual(transferred);
    expect(await again.status()).toMatchObject({ stage: 'transferred', moneyMoved: 'none', result: transferred });
  });

  it('refuses another request under the same id', async () => {
    await boxoffice.tickets.transfer(transfer);
    const other = boxoffice.tickets.transfer({ ...transfer, toWallet: `0x${'3'.repeat(40)}` });
    await expect(other).rejects.toBeInstanceOf(IdempotencyConflictError);
  });

  it.each([
    ['the zero address', `0x${'0'.repeat(40)}`],
    ['what is no address', '0x12'],
  ])('starts nothing for %s', async (_, wrong) => {
    await expect(boxoffice.tickets.transfer({ ...transfer, toWallet: wrong })).rejects.toBeInstanceOf(
      InvalidOrderError,
    );
    expect(temporal.runs.size).toBe(0);
  });
});

describe('tickets.burn()', () => {
  it('starts a burn under ticket and key', async () => {
    const burn = { ...asked, burnKey: 'fraud-1' };
    const handle = await boxoffice.tickets.burn(burn);
    expect(handle).toMatchObject({ id: 'fraud-1', workflowId: 'burn:acme:seat-1:fraud-1', created: true });
    expect(temporal.run(handle.workflowId).input).toEqual({ request: burn, fingerprint: fingerprintOf(burn) });
  });
});

describe('boxoffice tickets', () => {
  const args = ['transfer', 'acme', 'seat-1', '--to', toWallet, '--transfer-id', 't-1', '--reason', 'sold on'];

  it('transfer says where the ticket is', async () => {
    await boxoffice.tickets.transfer(transfer);
    temporal.close(workflowId, transferred);
    const { code, out } = await cli(...args);
    expect(code).toBe(0);
    expect(out).toMatch(/^Stage +transferred$/m);
    expect(out).toContain(toWallet);
  });

  it('transfer fails where it was rejected, and says why', async () => {
    await boxoffice.tickets.transfer(transfer);
    temporal.close(workflowId, { status: 'rejected', moneyMoved: 'none', reason: 'not_held' });
    const { code, out } = await cli(...args);
    expect(code).toBe(1);
    expect(out).toMatch(/^Why not +not_held$/m);
    expect((await cli('show', 'acme', 't-1')).out).toMatch(/^Stage +rejected$/m);
  });

  it('burn needs its key', async () => {
    expect((await cli('burn', 'acme', 'seat-1', '--reason', 'fraud')).code).toBe(2);
    expect(temporal.runs.size).toBe(0);
  });
});
