import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError, createBoxoffice, UnavailableError } from '../../client/index.ts';
import { useClientApi } from '../support/client-api.ts';
import { letterOf, mailLetter } from '../support/dead-letter-twins.ts';

const served = useClientApi('approver');
beforeEach(() => {
  served.world.temporal.runs.clear();
  served.world.store.deadLetters.rows.length = 0;
  served.world.store.deadLetters.add(letterOf({ id: '7' }));
  served.world.store.deadLetters.add(mailLetter({ id: '8' }));
});

const everything = async (texts: AsyncIterable<string>) => {
  let all = '';
  for await (const text of texts) all += text;
  return all;
};

describe('boxoffice.deadLetters', () => {
  it('finds, groups, counts and exports', async () => {
    const { deadLetters } = served.boxoffice;
    const page = await deadLetters.list({ queue: 'money', limit: 1, state: 'all' });
    expect([page.letters.map(({ id }) => id), page.nextCursor]).toEqual([['7', '8'], '7']);
    expect(served.world.store.deadLetters.asked).toEqual({ queue: 'money', limit: 1, state: 'all' });
    expect(await deadLetters.get('7')).toMatchObject({ id: '7', workflow: 'ended', waiting: { choices: [] } });
    expect(await deadLetters.groups({ error: 'EAUTH' })).toHaveLength(2);
    expect(await deadLetters.statistics(3)).toMatchObject({ open: 0 });
    expect(served.world.store.deadLetters.asked).toBe(3);
    expect(await everything(deadLetters.export('jsonl'))).toContain('"id":"8"');
    expect(await everything(deadLetters.export('csv', { state: 'all' }))).toMatch(/^"id",/);
  });

  it('closes, resolves and decides about many', async () => {
    const { deadLetters } = served.boxoffice;
    expect(await deadLetters.close('7', 'paid by hand')).toMatchObject({ status: 'closed', closedBy: 'approver-1' });
    const late = deadLetters.resolve('7', 'retry', 'why');
    await expect(late).rejects.toBeInstanceOf(ApiError);
    await expect(late).rejects.toMatchObject({ code: 'already_ended', status: 409 });
    const body = { batchKey: 'b', decision: 'retry', evidence: 'why', filter: {}, dryRun: true } as const;
    expect(await deadLetters.resolveMany(body)).toMatchObject({ id: 'b', workflowId: 'dead-letters:acme:b' });
    const cancelled = { status: 'cancelled', moneyMoved: 'none', actor: 'a', reason: 'r', report: {} };
    served.world.temporal.answers.set('cancel', cancelled);
    expect(await deadLetters.cancelBatch('b', 'enough')).toMatchObject({ status: 'cancelled' });
    served.world.temporal.close('dead-letters:acme:b', cancelled);
    expect(await deadLetters.batch('b')).toMatchObject({ id: 'b', status: 'cancelled' });
  });

  it('needs the API, and says when that breaks off in the middle of an export', async () => {
    const without = createBoxoffice({ temporal: { client: served.world.temporal.client } });
    await expect(without.deadLetters.list()).rejects.toThrow('createBoxoffice({api: {url, token}})');
    served.world.store.deadLetters.failing = true;
    await expect(everything(served.boxoffice.deadLetters.export('csv'))).rejects.toBeInstanceOf(UnavailableError);
    served.world.store.deadLetters.failing = false;
  });
});
