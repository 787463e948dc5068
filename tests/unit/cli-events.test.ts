import { beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../cli/program.ts';
import { createBoxoffice } from '../../client/index.ts';
import type { EventCancellationResult } from '../../contracts/event-cancellation.ts';
import {
  cancellationDone,
  cancellationStanding,
  cancellationStopped,
  noEvent,
} from '../support/event-cancellations.ts';
import { FakeTemporal } from '../support/fake-temporal.ts';

const workflowId = 'event-cancellation:acme:summer-night';
let temporal: FakeTemporal;
beforeEach(() => {
  temporal = new FakeTemporal();
  temporal.standing = cancellationStanding;
  for (const what of ['pause', 'resume']) temporal.answers.set(what, cancellationStanding);
});

async function cli(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCli(args, {
    env: { TEMPORAL_ADDRESS: 'here:7233' },
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    connect: () => {
      const { client } = temporal;
      return { client, boxoffice: createBoxoffice({ temporal: { client } }), close: async () => undefined };
    },
    setUpContract: async () => ({ what: 'contract', done: 'skipped', detail: '' }),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const cancel = ['events', 'cancel', 'acme', 'summer-night', '--reason', 'the artist is ill'];
const endsWith = (result: EventCancellationResult) => {
  temporal.onStart = (run) => Object.assign(run, { status: 'completed', result });
};

describe('events cancel', () => {
  it('0: everything is given back, as a table', async () => {
    endsWith({ ...cancellationStopped, status: 'completed' } as EventCancellationResult);
    const { code, out } = await cli(...cancel, '--actor', 'clerk-7', '--keep-tickets', '--in-flight', '5');
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^Cancellation +${workflowId}$`, 'm'));
    expect(out).toMatch(/^Refunded +2$/m);
    expect(out).toMatch(/^Amount +105\.00 USD$/m);
    expect(temporal.run(workflowId).input).toMatchObject({
      request: { requestedBy: 'clerk-7', tickets: 'keep', inFlight: 5, reason: 'the artist is ill' },
    });
  });

  it('1: a refund failed, or there is no event', async () => {
    endsWith(cancellationDone);
    const failed = await cli(...cancel);
    expect([failed.code, failed.out]).toEqual([1, expect.stringMatching(/^Failed +1$/m)]);
    temporal.runs.clear();
    endsWith(noEvent);
    const refused = await cli(...cancel);
    expect([refused.code, refused.out]).toEqual([1, expect.stringContaining('There is no such event')]);
  });

  it('shows progress, and where it stands when the time is over', async () => {
    const { code, out, err } = await cli(...cancel, '--wait', '3');
    expect(code).toBe(0);
    expect(err).toBe('refunding · purchases 3 · refunded 2 · pending 1 · in review 0 · failed 0 · amount 105.00 USD');
    expect(out).toMatch(/^Stage +refunding$/m);
    const json = await cli(...cancel, '--wait', '1', '--json');
    expect([json.err, JSON.parse(json.out)]).toEqual(['', { id: 'summer-night', workflowId, ...cancellationStanding }]);
  });
});

describe('events show, pause, resume, stop', () => {
  it('1: it was not cancelled', async () => {
    for (const what of ['show', 'pause', 'resume', 'stop']) {
      const reason = what === 'show' ? [] : ['--reason', 'x'];
      const { code, err } = await cli('events', what, 'acme', 'summer-night', ...reason);
      expect([code, err]).toEqual([1, expect.stringContaining(`Temporal knows no ${workflowId}`)]);
    }
  });

  it('0: where it stands, or ended', async () => {
    await cli(...cancel, '--wait', '1');
    for (const what of ['pause', 'resume'] as const) {
      const { code, out } = await cli(
        'events',
        what,
        'acme',
        'summer-night',
        '--reason',
        'enough',
        '--actor',
        'clerk-7',
      );
      expect([code, out]).toEqual([0, expect.stringMatching(/^Pending +1$/m)]);
      const input = { actor: 'clerk-7', reason: 'enough' };
      expect(temporal.run(workflowId).updates.at(-1)).toMatchObject({ name: what, input });
    }
    temporal.run(workflowId).result = cancellationStopped;
    const stopped = await cli('events', 'stop', 'acme', 'summer-night', '--reason', 'enough');
    expect([stopped.code, stopped.out]).toEqual([0, expect.stringMatching(/^Stage +cancelled$/m)]);
    temporal.close(workflowId, cancellationDone);
    const { out } = await cli('events', 'show', 'acme', 'summer-night');
    expect(out).toMatch(/^Stage +completed$/m);
  });
});
