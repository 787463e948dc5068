/**
 * Transactions of the issuer, signed and stored before they are broadcast. No nonce is given away without its bytes: what
 * was signed here has to reach the chain, or every later nonce waits for it. A step's transaction may have several versions
 * of one nonce, each with higher fees than the one before; the chain takes one of them.
 */
import { asSystem, type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import type { Step } from './operation.ts';
import { fromRow, type Row } from './rows.ts';
import { holdOffFence } from './sent-calls.ts';

export interface ChainTransaction {
  workflowId: string;
  step: string;
  /** 1 is the first one; all of a step have one nonce. */
  version: number;
  chainId: number;
  /** Lower case. */
  issuer: string;
  nonce: number;
  hash: string;
  /** Signed bytes, 0x and hex digits: broadcast these, as often as needed. */
  raw: string;
  /** `replaced`: another version of it is in a block. */
  status: 'signed' | 'included' | 'reverted' | 'replaced';
  blockNumber?: number;
  signedAt: string;
}

/** Beyond it a transaction waits at its price. */
export const maxVersions = 20;

type Sign = (nonce: number) => Promise<{ hash: string; raw: string; nonce: number }>;

interface Issued extends Step {
  chainId: number;
  issuer: string;
}

export interface SignNext extends Issued {
  /** The issuer's transaction count at the node, asked once per issuer and chain. */
  seedNonce: () => Promise<number>;
  /** Signs without any network: it runs under the lock that orders all of the issuer's nonces, and may run again. */
  sign: Sign;
}

export interface Replace extends Issued {
  /** The version that is to be replaced. When it is not the newest any more, somebody was faster. */
  version: number;
  /** As in {@link SignNext}. */
  sign: Sign;
}

/** Whosever it is: the queue of the issuer's nonces is one. */
export interface QueuedTransaction extends ChainTransaction {
  tenantId: string;
}

const columns = `workflow_id as "workflowId", step, version, chain_id as "chainId", issuer, nonce, hash, raw, status,
  block_number as "blockNumber", signed_at as "signedAt"`;

/** What is in a block first, then the newest: after the first of them the others are history. */
const foremost = `(status in ('included', 'reverted')) desc, version desc`;

async function read(tx: Tx, { tenantId, workflowId, step }: Step): Promise<ChainTransaction[]> {
  const rows = await tx.rows<Row<ChainTransaction>>(
    `select ${columns} from chain_transactions where tenant_id = $1 and workflow_id = $2 and step = $3
     order by ${foremost}`,
    [tenantId, workflowId, step],
  );
  return rows.map((row) => fromRow<ChainTransaction>(row));
}

/** The row lock orders everything that is signed with the issuer's nonces. Undefined when the issuer has no row yet. */
async function lockAccount(tx: Tx, { chainId, issuer }: Issued): Promise<{ nextNonce: number } | undefined> {
  return tx.first<{ nextNonce: number }>(
    `select next_nonce as "nextNonce" from chain_accounts where chain_id = $1 and address = $2 for update`,
    [chainId, issuer.toLowerCase()],
  );
}

async function insertSigned(
  tx: Tx,
  { tenantId, workflowId, step, chainId, sign, ...request }: Issued & { sign: Sign },
  { nonce, version }: { nonce: number; version: number },
): Promise<ChainTransaction | undefined> {
  const issuer = request.issuer.toLowerCase();
  const signed = await sign(nonce);
  if (signed.nonce !== nonce) throw new Error(`nonce ${nonce} of ${issuer} was to be signed, but ${signed.nonce} was`);
  const row = await tx.first<Row<ChainTransaction>>(
    `insert into chain_transactions (tenant_id, workflow_id, step, version, chain_id, issuer, nonce, hash, raw)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning ${columns}`,
    [tenantId, workflowId, step, version, chainId, issuer, nonce, signed.hash, signed.raw],
  );
  return row && fromRow<ChainTransaction>(row);
}

/** Undefined when the issuer has no row yet. */
async function signIn(tx: Tx, request: SignNext): Promise<ChainTransaction | undefined> {
  const account = await lockAccount(tx, request);
  if (!account) return undefined;
  const [known] = await read(tx, request);
  if (known) return known;
  // A late attempt must not sign what its compensation, having found nothing signed, would never burn.
  await holdOffFence(tx, request);
  const signed = await insertSigned(tx, request, { nonce: account.nextNonce, version: 1 });
  const { chainId, issuer } = request;
  await tx.affected(`update chain_accounts set next_nonce = next_nonce + 1 where chain_id = $1 and address = $2`, [
    chainId,
    issuer.toLowerCase(),
  ]);
  return signed;
}

/** No fence holds it off: what it replaces was signed before, and has the same effect. */
async function replaceIn(tx: Tx, request: Replace): Promise<ChainTransaction> {
  const { workflowId, step } = request;
  await lockAccount(tx, request);
  const [newest] = (await read(tx, request)).toSorted((a, b) => b.version - a.version);
  if (!newest) throw new Error(`${workflowId} has signed nothing for step ${step}`);
  if (newest.version !== request.version) return newest;
  return (await insertSigned(tx, request, { nonce: newest.nonce, version: newest.version + 1 })) ?? newest;
}

/** Of the queue, more than this is not looked at in one go. */
const queueAtOnce = 20;

export const createChain = (pool: Pool) => ({
  /** Signs the step's transaction with the issuer's next nonce, or answers the one that it has already. @throws StepFencedError */
  async signNext(request: SignNext): Promise<ChainTransaction> {
    const { tenantId, chainId, issuer, seedNonce } = request;
    const sign = () => withTenant(pool, tenantId, (tx) => signIn(tx, request));
    const stored = await sign();
    if (stored) return stored;
    // Asked outside of any transaction: a node that does not answer must hold no lock.
    const nonce = await seedNonce();
    await withTenant(pool, tenantId, (tx) =>
      tx.affected(
        `insert into chain_accounts (tenant_id, chain_id, address, next_nonce) values ('platform', $1, $2, $3)
         on conflict (chain_id, address) do nothing`,
        [chainId, issuer.toLowerCase(), nonce],
      ),
    );
    const first = await sign();
    if (!first) throw new Error(`the account of issuer ${issuer} on chain ${chainId} vanished`);
    return first;
  },

  /** Of a step's versions the one in a block, else the newest. */
  async of(tenantId: string, workflowId: string, step: string): Promise<ChainTransaction | undefined> {
    const [first] = await withTenant(pool, tenantId, (tx) => read(tx, { tenantId, workflowId, step }));
    return first;
  },

  /** All of a step: the one in a block first, then the newest. */
  versions(tenantId: string, workflowId: string, step: string): Promise<ChainTransaction[]> {
    return withTenant(pool, tenantId, (tx) => read(tx, { tenantId, workflowId, step }));
  },

  /**
   * Signs the step's next version under the same nonce, unless somebody did: answers that one then. There may be
   * {@link maxVersions}.
   */
  replace(request: Replace): Promise<ChainTransaction> {
    return withTenant(pool, request.tenantId, (tx) => replaceIn(tx, request));
  },

  /** What all tenants signed with the nonces from `from` on, before `before`, lowest first: one version of each, as {@link of}. */
  queue({
    chainId,
    issuer,
    from,
    before,
  }: {
    chainId: number;
    issuer: string;
    from: number;
    before: number;
  }): Promise<QueuedTransaction[]> {
    return asSystem(pool, async (tx) => {
      const rows = await tx.rows<Row<QueuedTransaction>>(
        `select distinct on (nonce) tenant_id as "tenantId", ${columns} from chain_transactions
         where chain_id = $1 and issuer = $2 and nonce >= $3 and nonce < $4
         order by nonce, ${foremost} limit $5`,
        [chainId, issuer.toLowerCase(), from, before, queueAtOnce],
      );
      return rows.map((row) => fromRow<QueuedTransaction>(row));
    });
  },

  /** In a block; again with another block, another version, or another outcome, after a reorganization. */
  async markIncluded({
    tenantId,
    hash,
    blockNumber,
    success,
  }: {
    tenantId: string;
    hash: string;
    blockNumber: number;
    success: boolean;
  }): Promise<void> {
    const marked = await withTenant(pool, tenantId, (tx) =>
      tx.affected(
        `update chain_transactions t set
           status = case when t.hash = $2 then $3 else 'replaced' end,
           block_number = case when t.hash = $2 then $4::bigint end
         from chain_transactions included
         where included.tenant_id = $1 and included.hash = $2 and t.tenant_id = $1
           and t.workflow_id = included.workflow_id and t.step = included.step`,
        [tenantId, hash, success ? 'included' : 'reverted', blockNumber],
      ),
    );
    if (marked === 0) throw new Error(`no transaction ${hash} of tenant ${tenantId} was signed here`);
  },
});
