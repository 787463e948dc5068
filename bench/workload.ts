/** What a measurement is given, and what it answers. */
import type { Interrupt } from '../sandbox/cli-interrupt.ts';
import type { Screen } from '../sandbox/cli-steps.ts';

export interface BenchContext {
  /** Folder for a world. */
  dir: string;
  screen: Screen;
  interrupt: Interrupt;
  jobs: number;
  /** Numbers of worker processes to measure with, one run each. */
  workers: readonly number[];
}

export interface Measured {
  /** For people. */
  table: string;
  /** The last line of standard output, with `--json`. */
  line: object;
  /** The bounds that were missed, for people. */
  missed: readonly string[];
}

export interface Workload {
  title: string;
  /** What it does when nothing is said. */
  defaults: { jobs: number; workers: readonly number[] };
  /** Fewer show nothing. */
  leastJobs: number;
  measure(context: BenchContext): Promise<Measured>;
}

/** Columns as wide as they need to be, read from the right. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column]!)).join('  ')).join('\n');
}

export const rounded = (value: number, digits: number) => Number(value.toFixed(digits));
