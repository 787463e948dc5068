import { describe, expect, it } from 'vitest';
import { channelsOf, isReminder, resultOf, roleOf } from '../../contracts/alert-channels.ts';
import type { AlertResult, Incident } from '../../contracts/alerts.ts';
import { incidentOf, noticeOf } from '../support/alert-twins.ts';

const of = (change: Partial<Incident>) => channelsOf(noticeOf({ incident: incidentOf(change) }));

describe('channels of a notice', () => {
  it.each<[string, Partial<Incident>, string[]]>([
    ['critical, about money', { subject: 'money' }, ['email', 'sms', 'voice']],
    ['critical, its lane', { type: 'lane-stopped', subject: 'stripe' }, ['email', 'sms', 'voice']],
    ['critical, the books', { type: 'ledger-unbalanced', subject: 'platform' }, ['email', 'sms', 'voice']],
    ['critical, not about money', { subject: 'communication' }, ['email', 'sms']],
    ['a warning', { severity: 'warning' }, ['sms']],
    ['a warning about money', { severity: 'warning', type: 'ledger-unbalanced' }, ['sms']],
    ['for information', { severity: 'info' }, ['email']],
    ['a critical test', { type: 'test', subject: 'platform' }, ['email', 'sms', 'voice']],
    ['a test of a warning', { type: 'test', severity: 'warning' }, ['sms']],
  ])('%s', (_, change, channels) => {
    expect(of(change)).toEqual(channels);
  });

  it('goes to the second person when the first has not answered', () => {
    expect((['first', 'repeat', 'escalation'] as const).map(roleOf)).toEqual(['oncall', 'oncall', 'escalation']);
    expect((['first', 'repeat', 'escalation'] as const).map(isReminder)).toEqual([false, true, true]);
  });
});

describe('the end of a notice', () => {
  it.each<[AlertResult['status'], AlertResult['channels']]>([
    ['delivered', { email: 'delivered', sms: 'given up', voice: 'no recipient' }],
    ['delivered', { email: 'cancelled', sms: 'delivered' }],
    ['undelivered', { email: 'given up', sms: 'given up' }],
    ['undelivered', { email: 'given up', sms: 'not needed' }],
    ['undelivered', { sms: 'no recipient' }],
    ['not needed', { email: 'not needed', sms: 'cancelled' }],
    ['not needed', { sms: 'not needed' }],
  ])('is %s: %j', (status, channels) => {
    expect(resultOf(channels)).toEqual({ status, channels });
  });
});
