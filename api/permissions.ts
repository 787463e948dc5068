/** Who may do what: one table. A route names its permission; nothing else decides about access. */
export const roles = ['service', 'operator', 'approver', 'admin', 'viewer'] as const;
export type Role = (typeof roles)[number];

export const permissions = {
  'payments.start': ['service', 'admin'],
  'payments.read': ['service', 'operator', 'approver', 'admin', 'viewer'],
  'payments.customer': ['service', 'admin'],
  'payments.cancel': ['service', 'operator', 'admin'],
  'refunds.start': ['service', 'operator', 'admin'],
  'refunds.read': ['service', 'operator', 'approver', 'admin', 'viewer'],
  'refunds.cancel': ['service', 'operator', 'admin'],
  'payouts.start': ['operator', 'admin'],
  'payouts.read': ['service', 'operator', 'approver', 'admin', 'viewer'],
  'payouts.cancel': ['operator', 'admin'],
  'payouts.schedule': ['operator', 'admin'],
  'decisions.make': ['approver', 'admin'],
  'decisions.read': ['service', 'operator', 'approver', 'admin', 'viewer'],
  'dead-letters.read': ['service', 'operator', 'approver', 'admin', 'viewer'],
  'dead-letters.resolve': ['approver', 'admin'],
  'tickets.transfer': ['service', 'operator', 'admin'],
  'tickets.burn': ['admin'],
  'tickets.read': ['service', 'operator', 'approver', 'admin', 'viewer'],
  'disputes.read': ['service', 'operator', 'approver', 'admin', 'viewer'],
  'venues.write': ['admin'],
  'events.write': ['admin'],
  'events.cancel': ['operator', 'admin'],
  'events.read': ['service', 'operator', 'approver', 'admin', 'viewer'],
  'contacts.write': ['service', 'admin'],
  'lanes.read': ['operator', 'admin', 'viewer'],
  'lanes.control': ['admin'],
  'monitor.read': ['operator', 'admin', 'viewer'],
  'monitor.configure': ['admin'],
  'alerts.read': ['operator', 'admin', 'viewer'],
  'alerts.control': ['admin'],
  'reconciliation.read': ['service', 'operator', 'approver', 'admin', 'viewer'],
  'reconciliation.run': ['approver', 'admin'],
  'reconciliation.close': ['approver', 'admin'],
  'analytics.write': ['service', 'admin'],
  'reports.make': ['operator', 'admin'],
  'reports.read': ['service', 'operator', 'approver', 'admin', 'viewer'],
  'queues.read': ['operator', 'admin', 'viewer'],
  'metrics.read': ['operator', 'admin', 'viewer'],
  'docs.read': ['service', 'operator', 'approver', 'admin', 'viewer'],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof permissions;

/** `public` needs no token: health, and webhooks, which prove themselves by their signature. */
export type Access = Permission | 'public';

export const isRole = (text: unknown): text is Role => roles.some((role) => role === text);

export const allows = (permission: Permission, held: readonly Role[]) =>
  permissions[permission].some((role) => held.includes(role));
