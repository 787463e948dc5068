import { EventEmitter, once } from 'node:events';
import { simpleParser } from 'mailparser';
import { describe, expect, it } from 'vitest';
import { createMailProvider } from '../../activities/providers/mail/provider.ts';
import { faultOf, mail, mailbox, messageId, provider, recipient, send, smtpServer } from './mail-servers.ts';

describe('a mail that arrives', () => {
  it('carries the Message-ID, both parts and one recipient, and its acknowledgement names nobody', async () => {
    const { port, received } = await mailbox(`queued as 7F3A for ${recipient}`);
    expect(await send(port)).toEqual({ messageId, response: '250 queued as 7F3A for …' });
    expect(received).toHaveLength(1);
    const { to, raw } = received[0]!;
    expect(to).toEqual([recipient]);
    const parsed = await simpleParser(raw);
    expect(parsed).toMatchObject({ messageId, subject: mail.subject, text: mail.text });
    expect(parsed.html).toContain('Grüße');
    expect(parsed.from?.text).toBe('"Boxoffice" <tickets@example.com>');
    expect(parsed.headers.get('auto-submitted')).toBe('auto-generated');
    expect(raw).not.toMatch(/^x-mailer/im);
  });

  it('cannot be given a second recipient or a header by its data', async () => {
    const { port, received } = await mailbox('queued');
    const smtp = provider(port);
    await smtp.send({ to: recipient, messageId, mail: { ...mail, subject: 'Hi\r\nBcc: eve@evil.example' } });
    await smtp.send({ to: `${recipient}, eve@evil.example`, messageId, mail }).catch(() => {});
    await smtp.send({ to: `${recipient}>\r\nRCPT TO:<eve@evil.example`, messageId, mail }).catch(() => {});
    expect(received.length).toBeGreaterThan(0);
    for (const { raw, to } of received) {
      expect(raw).not.toMatch(/^bcc/im);
      expect(to).toHaveLength(1);
      expect(to).not.toContain('eve@evil.example');
    }
  });

  it('never holds what a file on this machine says', async () => {
    const { port, received } = await mailbox('queued');
    const reading = Object.assign({ ...mail }, { html: { path: import.meta.filename } });
    await faultOf(provider(port).send({ to: recipient, messageId, mail: reading }));
    expect(received).toEqual([]);
  });

  it('is finished before close() resolves, and none is taken after', async () => {
    const server = new EventEmitter<{ body: [() => void] }>();
    const { port } = await smtpServer({
      onData: (stream, _session, done) => void stream.resume().on('end', () => server.emit('body', done)),
    });
    const smtp = provider(port);
    const order: string[] = [];
    const sending = smtp.send({ to: recipient, messageId, mail }).then(() => order.push('sent'));
    const [acknowledge] = await once(server, 'body');
    const closing = smtp.close().then(() => order.push('closed'));
    const late = await faultOf(smtp.send({ to: recipient, messageId, mail }));
    expect(late).toMatchObject({ kind: 'not_sent', code: 'closed' });
    acknowledge();
    await Promise.all([sending, closing]);
    expect(order).toEqual(['sent', 'closed']);
  });
});

describe('a provider that is set up wrongly', () => {
  const options = { smtpUrl: 'smtp://127.0.0.1:25', from: 'a@example.com', timeoutMs: 1 };

  it('names the setting and the remedy, and never the password', () => {
    for (const smtpUrl of ['', 'mail.example.com', 'http://user:s3cret@mail.example.com', 'smtp://']) {
      const create = () => createMailProvider({ ...options, smtpUrl });
      expect(create, smtpUrl).toThrow(/^SMTP_URL is no address .* use smtp:/);
      expect(create).not.toThrow(/s3cret/);
    }
    expect(() => createMailProvider({ ...options, from: 'Boxoffice' })).toThrow('the sender is "Boxoffice"; use');
  });
});
