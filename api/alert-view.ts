/** An incident as the API shows it. Pure. */
import { savedViewLink, type WebUi } from '../client/web-ui.ts';
import type { AlertView, NoticeView } from '../contracts/alert-records.ts';
import { explain, unitOf, viewQueryOf } from '../contracts/alert-words.ts';
import type { Incident } from '../contracts/alerts.ts';
import type { AlertNoticeRecord, AlertRecord } from '../store/index.ts';

export const viewLinkOf = (webUi: WebUi | undefined, incident: Incident): string | undefined =>
  webUi && savedViewLink(webUi, viewQueryOf(incident), incident.type);

function noticeViewOf(record: AlertNoticeRecord): NoticeView {
  const { alertId: _, ...notice } = record;
  return notice;
}

export function alertViewOf(
  record: AlertRecord,
  notices: readonly AlertNoticeRecord[],
  webUi: WebUi | undefined,
): AlertView {
  const { incident, message, lastValue, acknowledged, endedAt, escalated, reopened } = record;
  const { alertId: id, ...finding } = incident;
  const { money, todo } = explain(incident);
  const link = viewLinkOf(webUi, incident);
  return {
    id,
    ...finding,
    message,
    money,
    todo,
    lastValue,
    unit: unitOf(incident.type),
    escalated,
    reopened,
    ...(acknowledged === undefined ? {} : { acknowledged }),
    ...(endedAt === undefined ? {} : { endedAt }),
    notices: notices.filter(({ alertId }) => alertId === id).map(noticeViewOf),
    ...(link === undefined ? {} : { webUi: link }),
  };
}
