import { Counter, type Registry } from 'prom-client';

/** Notices that a provider has taken, one for each channel. */
export const createAlertsSent = (registry: Registry) =>
  new Counter({
    name: 'alerts_sent_total',
    help: 'Notices of incidents that left, by channel',
    labelNames: ['severity', 'type', 'channel'] as const,
    registers: [registry],
  });
