/** Daily money reports: one transaction each. */
import type { ReportResult } from '../contracts/report.ts';
import type { MakeReport, Store } from '../store/index.ts';
import { attempt } from './background-job.ts';

export type MakeReportInput = MakeReport;

export type ReportActivities = ReturnType<typeof createReportActivities>;

export const createReportActivities = ({ reports }: { reports: Pick<Store['reports'], 'make'> }) => ({
  /** Drawn up once; the second time answers what the first one made. */
  makeReport: (input: MakeReportInput): Promise<ReportResult> => attempt('generate-report', () => reports.make(input)),
});
