import { http } from 'viem';
import type { PublicRpcSchema } from 'viem';
import { ProviderFault } from '../../../contracts/provider-fault.ts';
import { chainFault, faultOf } from './errors.ts';
import type { Hex, Pace } from './types.ts';

export interface RpcOptions {
  /** May hold a provider's key: it is never repeated in an error. */
  rpcUrl: string;
  /** Of one request, without the time that `pace` waits. */
  requestTimeoutMs: number;
  pace?: Pace | undefined;
}

type Method = PublicRpcSchema[number]['Method'];
type Entry<M extends Method> = Extract<PublicRpcSchema[number], { Method: M }>;

export interface Rpc {
  /** One request, one answer, or a ProviderFault. */
  request<M extends Method>(method: M, params: Entry<M>['Parameters']): Promise<Entry<M>['ReturnType']>;
  /** Broadcasts. `nonce_too_low` needs a look at the receipt: it is what a node says of a mined transaction, too. */
  send(raw: Hex): Promise<'accepted' | 'nonce_too_low'>;
}

/**
 * JSON-RPC through viem's HTTP transport: no batches, so that one call of `pace` is one request, and no retries, which
 * are Temporal's. Errors are mapped inside of `pace`, so that it sees a 429 as such and its own errors pass unchanged.
 */
export function createRpc({ rpcUrl, requestTimeoutMs, pace = (_name, call) => call() }: RpcOptions): Rpc {
  const transport = http(rpcUrl, { retryCount: 0, timeout: requestTimeoutMs })({});

  const answer = async <R>(method: string, params: unknown): Promise<R> => {
    let result: R | undefined;
    try {
      result = await transport.request<undefined, { method: string; params?: unknown }, R | undefined>({
        method,
        params,
      });
    } catch (error) {
      throw faultOf(error, method);
    }
    if (result === undefined) throw chainFault('unknown', 'bad_answer', `the answer to ${method} has no result`);
    return result;
  };

  return {
    request: (method, params) => pace(method, () => answer(method, params)),

    send: (raw) =>
      pace('eth_sendRawTransaction', async () => {
        try {
          await answer('eth_sendRawTransaction', [raw]);
          return 'accepted';
        } catch (error) {
          if (error instanceof ProviderFault && error.code === 'already_known') return 'accepted';
          if (error instanceof ProviderFault && error.code === 'nonce_too_low') return 'nonce_too_low';
          throw error;
        }
      }),
  };
}
