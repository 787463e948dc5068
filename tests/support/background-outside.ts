/** What the background's jobs meet outside: tables with expired rows, venues without a report. */
import type { CleanUpAnswer } from '../../activities/cleanup.ts';
import type { VenueCursor } from '../../contracts/daily-round.ts';
import type { ReportResult } from '../../contracts/report.ts';
import type { RecordOutcome } from '../../store/index.ts';

export class BackgroundOutside {
  recorded: RecordOutcome = 'recorded';
  report: ReportResult = { status: 'completed', location: '/reports/arena/2026-01-31', sha256: 'a'.repeat(64) };
  /** One by one; the last call finds nothing more. */
  cleaned: CleanUpAnswer[] = [{ deleted: {} }];
  /** Those of one wave each. */
  venues: VenueCursor[][] = [];
  tenants: string[][] = [];
  started: string[] = [];
}
