/** Text messages of a shop, with the hands of the recipient and of Twilio on them. */
import { smsWorkflowId } from '../../contracts/ids.ts';
import type { SmsRequest } from '../../contracts/sms.ts';
import { createPool } from '../../infrastructure/postgres.ts';
import type { Message } from '../../sandbox/twilio/resources.ts';
import { type SimulatorControl, simulatorAt } from './faults.ts';
import type { Shop } from './purchases.ts';

export interface Phone {
  number: string;
  phoneRef: string;
  /** What arrived at this number, oldest first. */
  texts(): Promise<Message[]>;
}

export interface TextDesk {
  sim: SimulatorControl;
  /** A number that nobody else has, stored as a contact. */
  phone(): Promise<Phone>;
  control(name: string, body: object): Promise<void>;
  /** What the database says of a message that was given up. */
  deadLetters(request: SmsRequest): Promise<object[]>;
  /** As if its calls had been made a minute ago: until one has certainly ended, nothing is sent again. */
  minuteLater(request: SmsRequest): Promise<void>;
  close(): Promise<void>;
}

export function createTextDesk({ boxoffice, endpoints }: Shop): TextDesk {
  const sim = simulatorAt(endpoints.twilio);
  const pool = createPool({ url: endpoints.postgresOwner, max: 1, applicationName: 'texting' });
  return {
    sim,
    phone: async () => {
      const number = `+4915${String(Math.floor(Math.random() * 1e9)).padStart(9, '0')}`;
      const { phoneRef } = await boxoffice.contacts.put({ kind: 'phone', value: number });
      const texts = async () => (await sim.objects<Message>('messages')).filter(({ to }) => to === number);
      return { number, phoneRef, texts };
    },
    control: async (name, body) => {
      const response = await fetch(new URL(`/_sim/${name}`, endpoints.twilio), {
        method: 'POST',
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`the simulator refused ${name}: ${await response.text()}`);
    },
    deadLetters: async ({ tenantId, messageKey }) => {
      const { rows } = await pool.query<object>(
        `select job_type as "jobType", step, error, attempts, job_data as data from dead_letter_jobs
         where tenant_id = $1 and workflow_id = $2`,
        [tenantId, smsWorkflowId(tenantId, messageKey)],
      );
      return rows;
    },
    minuteLater: async ({ tenantId, messageKey }) => {
      await pool.query(
        `update sent_calls set first_sent_at = first_sent_at - interval '1 minute',
           last_sent_at = last_sent_at - interval '1 minute' where tenant_id = $1 and workflow_id = $2`,
        [tenantId, smsWorkflowId(tenantId, messageKey)],
      );
    },
    close: () => pool.end(),
  };
}
