/** Composition of the alert lane: its own logins, links and recipients, and what it asks and tells the database. */
import { type AlertActivities, createAlertActivities } from '../activities/alerts.ts';
import { parseSender } from '../activities/providers/mail/message-id.ts';
import { createMailProvider } from '../activities/providers/mail/provider.ts';
import { createSmsProvider } from '../activities/providers/sms/provider.ts';
import { createVoiceProvider } from '../activities/providers/voice/provider.ts';
import { savedViewLink } from '../client/web-ui.ts';
import { roleOf } from '../contracts/alert-channels.ts';
import { viewQueryOf } from '../contracts/alert-words.ts';
import type { Config } from '../infrastructure/config.ts';
import { alertSettingsOf } from '../infrastructure/config-alerts.ts';
import { createAlertLinks } from '../infrastructure/alert-links.ts';
import type { Metrics } from '../infrastructure/metrics.ts';
import type { LaneCaller } from '../lanes/call.ts';
import type { Store } from '../store/index.ts';

/** Of one silence at a provider. Milliseconds. */
const requestTimeoutMs = 10_000;

export interface AlertParts {
  config: Config<'alerts' | 'mail' | 'sms' | 'temporal'>;
  store: Pick<Store, 'alerts' | 'alertNotices'>;
  lanes: LaneCaller;
  metrics: Metrics;
}

export function alertActivities({ config, store, lanes, metrics }: AlertParts): AlertActivities {
  const { recipients, mail, twilio, linkKey, publicUrl } = alertSettingsOf(config);
  const { TEMPORAL_UI_URL: webUi, TEMPORAL_NAMESPACE: namespace } = config.temporal;
  const links = createAlertLinks(linkKey);
  return createAlertActivities({
    lanes,
    mail: createMailProvider({ ...mail, timeoutMs: requestTimeoutMs }),
    sms: createSmsProvider(twilio),
    voice: createVoiceProvider(twilio),
    recipients,
    domain: parseSender(mail.from).domain,
    linksOf: ({ incident, kind }, channel) => {
      const token = links.sign({ alertId: incident.alertId, channel, role: roleOf(kind) });
      return {
        acknowledge: `${publicUrl}/alerts/acknowledge?token=${token}`,
        view: webUi && savedViewLink({ url: webUi, namespace }, viewQueryOf(incident), incident.type),
      };
    },
    isSettled: async (alertId) => {
      const found = await store.alerts.get(alertId);
      return found?.acknowledged !== undefined || found?.endedAt !== undefined;
    },
    record: (notice) => store.alertNotices.record(notice),
    sent: ({ incident: { severity, type } }, channel) => metrics.alertsSent.inc({ severity, type, channel }),
  });
}
