/** Twins of what the monitor calls, over the worlds of workflow-twins.ts. */
import { Context } from '@temporalio/activity';
import type { IncidentActivities } from '../../activities/incidents.ts';
import type { SamplingActivities } from '../../activities/sampling.ts';
import type { Twins } from './workflow-twins.ts';

export const createMonitorTwins = (twins: Twins): IncidentActivities & SamplingActivities => ({
  takeSample: (input) => {
    const twin = twins.current;
    const now = Context.current().info.currentAttemptScheduledTimestampMs;
    return twin.perform('takeSample', input, () => twin.monitor.sample(input, now));
  },
  recordSample: (input) => {
    const twin = twins.current;
    return twin.perform('recordSample', input, () => void twin.monitor.recorded.push(input));
  },
  syncIncidents: (input) => {
    const twin = twins.current;
    return twin.perform('syncIncidents', input, () => twin.monitor.sync(input.incidents));
  },
  recordMonitorChange: (input) => {
    const twin = twins.current;
    return twin.perform('recordMonitorChange', input, () => void twin.monitor.changes.set(input.changeId, input));
  },
});
