/** Anvil gives any account ether on request; a real chain's issuer is funded by its owner. */
export async function fundIssuer(rpcUrl: string, address: string): Promise<void> {
  const tenThousandEther = `0x${(10_000n * 10n ** 18n).toString(16)}`;
  const response = await fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'anvil_setBalance', params: [address, tenThousandEther] }),
  });
  const answer = (await response.json()) as { error?: { message: string } };
  if (answer.error) throw new Error(`the chain node gave the issuer no ether: ${answer.error.message}`);
}
