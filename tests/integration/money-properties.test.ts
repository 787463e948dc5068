/** Purchases, cancels, refunds, payouts and disputes at once, in three currencies, as chance has it. */
import { inject, test } from 'vitest';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { moneyHolds } from '../support/money-property.ts';

test('the books are the provider’s to the minor unit, and nobody was told anything else', async () => {
  await moneyHolds(await readEndpoints(inject('worldDir')), { scripts: 1, commands: 25 });
});
