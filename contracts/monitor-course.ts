/** What the monitor takes along from run to run. Pure. */
import type { RuleMemory } from './alert-memory.ts';
import type { IncidentMemory } from './incidents.ts';
import type { Sample } from './monitor.ts';
import type { Overrides } from './monitor-settings.ts';

export interface MonitorCourse {
  rules: RuleMemory;
  incidents: IncidentMemory;
  overrides: Overrides;
  /** The last one, with what the next one goes on from; absent before the first. */
  sample?: Sample;
  /** What happened, newest last: lines for the current details. */
  happened: string[];
}

export interface MonitorInput {
  /** Absent where nothing is known: a monitor that begins. */
  course?: MonitorCourse;
}
