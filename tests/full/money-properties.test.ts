/** As tests/integration/money-properties.test.ts, for longer. */
import { inject, test } from 'vitest';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { moneyHolds } from '../support/money-property.ts';

test('20 scripts of 40 commands leave nothing wrong', { timeout: 1_200_000 }, async () => {
  await moneyHolds(await readEndpoints(inject('worldDir')), { scripts: 20, commands: 40 });
});
