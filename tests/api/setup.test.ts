import { beforeEach, describe, expect, it } from 'vitest';
import { type ApiWorld, bearer, createApiWorld } from './api-world.ts';

const venue = { name: 'Arena', currency: 'USD', feeBasisPoints: 500, feeFixed: 0, reserveBasisPoints: 1_000 };
const event = { venueId: 'arena', name: 'Summer Night', endsAt: '2099-06-01T22:00:00Z', salesOpen: true };
let world: ApiWorld;

const send = async (method: 'PUT' | 'POST', url: string, payload: object) =>
  world.app.inject({ method, url, payload, headers: await bearer({ role: 'admin' }) });

beforeEach(async () => {
  world = await createApiWorld();
});

describe('PUT /venues/:id and /events/:id', () => {
  it("writes for the token's tenant", async () => {
    expect((await send('PUT', '/venues/arena', venue)).json()).toEqual({ id: 'arena', ...venue });
    expect(world.store.venueIds.get('acme/arena')).toEqual(venue);
    expect((await send('PUT', '/events/summer-night', event)).json()).toEqual({ id: 'summer-night', ...event });
  });

  it('refuses an event at a venue that does not exist', async () => {
    const answer = await send('PUT', '/events/summer-night', event);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().errors).toEqual([
      { field: 'venueId', value: 'arena', accepted: expect.stringContaining('PUT /venues/:id') },
    ]);
  });

  it.each([
    ['/venues/arena', { ...venue, feeBasisPoints: 10_001 }, 'feeBasisPoints'],
    ['/venues/arena', { ...venue, currency: 'XYZ' }, 'currency'],
    ['/venues/arena', { ...venue, reserveDays: 366 }, 'reserveDays'],
    ['/venues/arena', { ...venue, payoutApproval: { one: 0 } }, 'payoutApproval.two'],
    ['/venues/arena', { ...venue, payoutApproval: { one: 2, two: 1 } }, 'payoutApproval.one'],
    ['/venues/arena', { ...venue, refundApproval: { one: 2, two: 1 } }, 'refundApproval.one'],
    [`/venues/${'x'.repeat(300)}`, venue, 'id'],
    ['/events/summer-night', { ...event, endsAt: 'tomorrow' }, 'endsAt'],
  ])('400: %s', async (url, payload, field) => {
    const answer = await send('PUT', url, payload);
    expect([answer.statusCode, answer.json().errors[0].field]).toEqual([400, field]);
    expect(world.store.venueIds.size).toBe(0);
  });
});

describe('POST /contacts', () => {
  const contact = { kind: 'email', value: 'Ada@Example.com', name: 'Ada' };

  it('answers with a stable reference that says nothing of the address', async () => {
    const { emailRef } = (await send('POST', '/contacts', contact)).json();
    expect(emailRef).toMatch(/^c_[0-9a-f]{40}$/);
    expect(world.store.contactsByRef.get(emailRef)).toMatchObject({ tenantId: 'acme', ...contact });
    const again = await send('POST', '/contacts', { ...contact, value: 'ada@example.com' });
    expect(again.json()).toEqual({ emailRef });
  });

  it('takes a phone number as well, and gives it a reference of its own kind', async () => {
    const phone = { kind: 'phone', value: '+4915112345678' };
    const { phoneRef } = (await send('POST', '/contacts', phone)).json();
    expect(phoneRef).toMatch(/^c_[0-9a-f]{40}$/);
    expect(world.store.contactsByRef.get(phoneRef)).toMatchObject({ tenantId: 'acme', ...phone });
    expect(world.log.join()).not.toContain('4915112345678');
  });

  it.each([
    { kind: 'phone', value: 'ada@example.com' },
    { kind: 'email', value: '+4915112345678' },
    { kind: 'phone', value: '015112345678' },
    { kind: 'phone', value: '+0151123456' },
    { kind: 'phone', value: '+49 151 12345678' },
  ])('400: $kind $value', async (wrong) => {
    const answer = await send('POST', '/contacts', wrong);
    expect([answer.statusCode, answer.json().errors[0].field]).toEqual([400, 'value']);
    expect(world.store.contactsByRef.size).toBe(0);
    expect(world.log.join()).not.toContain(wrong.value);
  });

  it('gives another tenant another reference', async () => {
    const mine = (await send('POST', '/contacts', contact)).json();
    const headers = await bearer({ tenant: 'globex' });
    const theirs = await world.app.inject({ method: 'POST', url: '/contacts', payload: contact, headers });
    expect(theirs.json()).not.toEqual(mine);
  });

  it('keeps the address out of the log, also when it is wrong', async () => {
    await send('POST', '/contacts', contact);
    const answer = await send('POST', '/contacts', { ...contact, value: 'ada at example.com' });
    expect(answer.statusCode).toBe(400);
    expect(world.log.join()).toContain('/contacts');
    expect(world.log.join().toLowerCase()).not.toContain('example.com');
  });
});

describe('POST /message-contents', () => {
  const content = { link: 'https://boxoffice.example/reset?t=1', code: '482913', minutes: 30 };

  it('answers with a new reference each time, and keeps the content out of the log', async () => {
    const first = (await send('POST', '/message-contents', content)).json();
    expect(first).toEqual({ contentRef: expect.stringMatching(/^m_[0-9a-f]{40}$/), expiresAt: expect.any(String) });
    expect(world.store.contentsByRef.get(first.contentRef)).toEqual({ tenantId: 'acme', ...content });
    expect((await send('POST', '/message-contents', content)).json().contentRef).not.toBe(first.contentRef);
    expect(world.log.join()).not.toMatch(/482913|reset\?t/);
  });

  it.each([
    ['', { minutes: 30 }],
    ['link', { ...content, link: 'http://boxoffice.example' }],
    ['link', { ...content, link: 'javascript:alert(1)' }],
    ['code', { ...content, code: '1' }],
    ['minutes', { ...content, minutes: 1_441 }],
    ['minutes', { code: content.code }],
  ])('400: %s of %o', async (field, payload) => {
    const answer = await send('POST', '/message-contents', payload);
    expect([answer.statusCode, answer.json().errors[0].field]).toEqual([400, field]);
    expect(world.store.contentsByRef.size).toBe(0);
  });
});
