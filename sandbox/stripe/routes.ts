import { Router } from '../sim/router.ts';
import { accountRoutes, ownAccountRoutes } from './resources/accounts.ts';
import { balanceRoutes } from './resources/balance.ts';
import { balanceTransactionRoutes } from './resources/balance-transactions.ts';
import { chargeRoutes } from './resources/charges.ts';
import { disputeRoutes } from './resources/disputes/routes.ts';
import { eventRoutes } from './resources/events.ts';
import { paymentIntentRoutes } from './resources/payment-intents/routes.ts';
import { paymentMethodRoutes } from './resources/payment-methods.ts';
import { payoutRoutes } from './resources/payouts/routes.ts';
import { refundRoutes } from './resources/refunds/routes.ts';
import { transferRoutes } from './resources/transfers/routes.ts';
import type { Route } from './route.ts';

/** Every endpoint. A new resource adds its routes here. */
export function createRouter(): Router<Route> {
  const router = new Router<Route>();
  const ofPlatform = [
    paymentIntentRoutes,
    paymentMethodRoutes,
    refundRoutes,
    disputeRoutes,
    transferRoutes,
    accountRoutes,
  ].flat();
  const ofAnyAccount = [
    chargeRoutes,
    balanceTransactionRoutes,
    balanceRoutes,
    payoutRoutes,
    eventRoutes,
    ownAccountRoutes,
  ].flat();
  for (const route of ofPlatform) router.add(route.method, route.pattern, route);
  for (const route of ofAnyAccount) router.add(route.method, route.pattern, { ...route, anyAccount: true });
  return router;
}
