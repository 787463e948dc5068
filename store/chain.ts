/**
 * Transactions of the issuer, signed and stored before they are broadcast. No nonce is given away without its bytes: what
 * was signed here has to reach the chain, or every later nonce waits for it.
 */
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import type { Step } from './operation.ts';
import { fromRow, type Row } from './rows.ts';
import { holdOffFence } from './sent-calls.ts';

export interface ChainTransaction {
  workflowId: string;
  step: string;
  chainId: number;
  /** Lower case. */
  issuer: string;
  nonce: number;
  hash: string;
  /** Signed bytes, 0x and hex digits: broadcast these, as often as needed. */
  raw: string;
  status: 'signed' | 'included' | 'reverted';
  blockNumber?: number;
  signedAt: string;
}

export interface SignNext extends Step {
  chainId: number;
  issuer: string;
  /** The issuer's transaction count at the node, asked once per issuer and chain. */
  seedNonce: () => Promise<number>;
  /** Signs without any network: it runs under the lock that orders all of the issuer's nonces, and may run again. */
  sign: (nonce: number) => Promise<{ hash: string; raw: string; nonce: number }>;
}

const columns = `workflow_id as "workflowId", step, chain_id as "chainId", issuer, nonce, hash, raw, status,
  block_number as "blockNumber", signed_at as "signedAt"`;

async function read(tx: Tx, { tenantId, workflowId, step }: Step): Promise<ChainTransaction | undefined> {
  const row = await tx.first<Row<ChainTransaction>>(
    `select ${columns} from chain_transactions where tenant_id = $1 and workflow_id = $2 and step = $3`,
    [tenantId, workflowId, step],
  );
  return row && fromRow<ChainTransaction>(row);
}

/** Undefined when the issuer has no row yet. */
async function signIn(tx: Tx, request: SignNext): Promise<ChainTransaction | undefined> {
  const { tenantId, workflowId, step, chainId, sign } = request;
  const issuer = request.issuer.toLowerCase();
  const account = await tx.first<{ nextNonce: number }>(
    `select next_nonce as "nextNonce" from chain_accounts where chain_id = $1 and address = $2 for update`,
    [chainId, issuer],
  );
  if (!account) return undefined;
  const known = await read(tx, request);
  if (known) return known;
  // A late attempt must not sign what its compensation, having found nothing signed, would never burn.
  await holdOffFence(tx, request);
  const signed = await sign(account.nextNonce);
  if (signed.nonce !== account.nextNonce) {
    throw new Error(`nonce ${account.nextNonce} of ${issuer} was to be signed, but ${signed.nonce} was`);
  }
  const row = await tx.first<Row<ChainTransaction>>(
    `insert into chain_transactions (tenant_id, workflow_id, step, chain_id, issuer, nonce, hash, raw)
     values ($1, $2, $3, $4, $5, $6, $7, $8) returning ${columns}`,
    [tenantId, workflowId, step, chainId, issuer, signed.nonce, signed.hash, signed.raw],
  );
  await tx.affected(`update chain_accounts set next_nonce = next_nonce + 1 where chain_id = $1 and address = $2`, [
    chainId,
    issuer,
  ]);
  return row && fromRow<ChainTransaction>(row);
}

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

  of(tenantId: string, workflowId: string, step: string): Promise<ChainTransaction | undefined> {
    return withTenant(pool, tenantId, (tx) => read(tx, { tenantId, workflowId, step }));
  },

  /** In a block; again with another block, or another outcome, after a reorganization. */
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
      tx.affected(`update chain_transactions set status = $3, block_number = $4 where tenant_id = $1 and hash = $2`, [
        tenantId,
        hash,
        success ? 'included' : 'reverted',
        blockNumber,
      ]),
    );
    if (marked === 0) throw new Error(`no transaction ${hash} of tenant ${tenantId} was signed here`);
  },
});
