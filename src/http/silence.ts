import type { AgentView, ProbeView } from '../model/views.ts';

/** A sender that has sent nothing for longer than usual. */
export interface Silent {
  id: string;
  name: string;
  sinceUs: number;
}

/** With what a page needs to be made and fetched, a sender that stopped is named within ten seconds. */
const SILENT_AFTER_US = 7_000_000;
/** Whoever sends once a minute is not silent after seven seconds. */
const USUAL_GAPS = 3;

function isSilent(lastUs: number, usualGapUs: number, nowUs: number): boolean {
  return nowUs - lastUs > Math.max(SILENT_AFTER_US, USUAL_GAPS * usualGapUs);
}

/** Silent for longer than its packets were apart on the average. */
export function isAgentSilent({ firstSeenUs, lastSeenUs, packets }: AgentView, nowUs: number): boolean {
  return isSilent(lastSeenUs, (lastSeenUs - firstSeenUs) / Math.max(1, packets - 1), nowUs);
}

/** Silent for longer than its keep-alives are apart. */
export function isProbeSilent({ lastIoUs, keepaliveS }: ProbeView, nowUs: number): boolean {
  return isSilent(lastIoUs, Math.max(0, keepaliveS) * 1e6, nowUs);
}

/** Who is silent, the last that fell silent first. */
export function silentSenders(agents: readonly AgentView[], probes: readonly ProbeView[], nowUs: number): Silent[] {
  const silent = [
    ...agents
      .filter((agent) => isAgentSilent(agent, nowUs))
      .map(({ id, nodeName, lastSeenUs }) => ({ id, name: nodeName, sinceUs: lastSeenUs })),
    ...probes
      .filter((probe) => isProbeSilent(probe, nowUs))
      .map(({ agent, host, lastIoUs }) => ({ id: agent, name: host ?? '', sinceUs: lastIoUs })),
  ];
  return silent.toSorted((a, b) => b.sinceUs - a.sinceUs);
}
