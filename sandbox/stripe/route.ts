import { checkExpansion, type Returns } from './expand.ts';
import type { FormHash } from './form.ts';
import { list, type Params, type ParamSpec, readParams, text } from './params.ts';
import type { Call } from './world.ts';

/** Read and checked parameters, ready to be executed. */
export interface Prepared {
  returns: Returns;
  expand: string[];
  /** Changes the world and returns the object to answer. Throws StripeFailure for what Stripe answers as an error. */
  run(call: Call): object;
}

export interface Route {
  method: 'GET' | 'POST';
  /** Address with `:id`, and `:inner` for an object within that one. */
  pattern: string;
  /** It can be called on behalf of a connected account. */
  anyAccount?: true;
  /** Throws the 400 of a wrong parameter. Nothing was executed then, so no idempotency key remembers it. */
  prepare(form: FormHash): Prepared;
}

/**
 * One endpoint. `check` looks at parameters together; `run` is written with the SDK's type of the answer.
 */
export function route<Spec extends ParamSpec>(
  method: Route['method'],
  pattern: string,
  returns: Returns,
  spec: Spec,
  run: (call: Call, params: Params<Spec>) => object,
  check: (params: Params<Spec>) => void = () => undefined,
): Route {
  const expandSpec = { expand: list(text()) };
  return {
    method,
    pattern,
    prepare(form) {
      const { expand, ...own } = form;
      const { expand: paths = [] } = readParams(expand === undefined ? {} : { expand }, expandSpec);
      const params = readParams(own, spec);
      check(params);
      checkExpansion(returns, paths);
      return { returns, expand: paths, run: (call) => run(call, params) };
    },
  };
}
