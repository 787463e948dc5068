/** Whom the sandbox's alerts go to: numbers that are nobody's, and addresses of its own mail server. */
export const onCall = {
  oncall: { phone: '+12025550143', email: 'oncall@boxoffice.example' },
  escalation: { phone: '+12025550187', email: 'second@boxoffice.example' },
} as const;

/** `real`: Twilio itself would be asked to call, so only numbers that somebody gave are used. */
export function alertEnvironment(given: NodeJS.ProcessEnv, { real }: { real: boolean }): Record<string, string> {
  const { oncall, escalation } = onCall;
  const phones: Record<string, string> = real ? {} : { ONCALL_PHONE: oncall.phone, ESCALATION_PHONE: escalation.phone };
  const set = ['ONCALL_PHONE', 'ESCALATION_PHONE'].flatMap((name): [string, string][] =>
    given[name] ? [[name, given[name]]] : [],
  );
  return {
    ...phones,
    ...Object.fromEntries(set),
    ONCALL_EMAIL: oncall.email,
    ESCALATION_EMAIL: escalation.email,
    ALERT_MAIL_FROM: 'Boxoffice alerts <alerts@boxoffice.example>',
  };
}
