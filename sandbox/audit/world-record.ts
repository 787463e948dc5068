/** Proofs that hold for all purchases together. Pure. */
export interface WorldRecord {
  /** Sum of all ledger entries per currency: zero each. */
  ledgerSums: Record<string, number>;
  /** Per currency: `stripe_balance` of the ledger, and the provider's own balance net of its fees. */
  balances: Record<string, { ledger: number; provider: number }>;
  /** Per currency: `provider_fees` and `dispute_fees` of the ledger, and the fees of the provider's balance transactions. */
  fees: Record<string, { ledger: number; provider: number }>;
  /** Message-IDs that arrived more than once, and how often. */
  duplicateMails: Record<string, number>;
  /** Executions that failed, were terminated or timed out: each is a bug. */
  brokenWorkflows: { workflowId: string; status: string }[];
  /** Tokens on the chain that no mint in the books explains, and minted ones that the chain does not have. */
  strayTokens: string[];
}

/** What is wrong, in words. A mail that came twice is no violation: SMTP cannot be exactly once; it is counted. */
export function worldViolations(world: WorldRecord): string[] {
  return [
    ...Object.entries(world.ledgerSums)
      .filter(([, sum]) => sum !== 0)
      .map(([currency, sum]) => `the ledger sums to ${sum} ${currency}`),
    ...Object.entries(world.balances)
      .filter(([, { ledger, provider }]) => ledger !== provider)
      .map(
        ([currency, { ledger, provider }]) =>
          `the ledger has ${ledger} ${currency} at the provider; the provider has ${provider}`,
      ),
    ...Object.entries(world.fees)
      .filter(([, { ledger, provider }]) => ledger !== provider)
      .map(
        ([currency, { ledger, provider }]) => `the ledger has ${ledger} ${currency} of fees, the provider ${provider}`,
      ),
    ...world.brokenWorkflows.map(({ workflowId, status }) => `${workflowId} is ${status}`),
    ...world.strayTokens,
  ];
}
