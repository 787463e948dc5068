import { Router } from '../sim/router.ts';
import { balanceRoutes } from './resources/balance.ts';
import { balanceTransactionRoutes } from './resources/balance-transactions.ts';
import { chargeRoutes } from './resources/charges.ts';
import { eventRoutes } from './resources/events.ts';
import { paymentIntentRoutes } from './resources/payment-intents/routes.ts';
import { paymentMethodRoutes } from './resources/payment-methods.ts';
import type { Route } from './route.ts';

/** Every endpoint. A new resource adds its routes here. */
export function createRouter(): Router<Route> {
  const router = new Router<Route>();
  const routes = [
    paymentIntentRoutes,
    chargeRoutes,
    balanceTransactionRoutes,
    balanceRoutes,
    paymentMethodRoutes,
    eventRoutes,
  ].flat();
  for (const route of routes) router.add(route.method, route.pattern, route);
  return router;
}
