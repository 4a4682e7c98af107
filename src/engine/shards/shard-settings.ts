import type { EngineSettings } from '../../model/settings.ts';
import { HUB } from './place.ts';

/** Events that may wait for the hub to take them. */
const WAITING_EVENTS = 8192;

/**
 * What one of several shards is started with: its share of what all may hold together, and of the listeners only the
 * datagrams, since connections, quality records, events and rates are the hub's.
 */
export function settingsOfShard(settings: EngineSettings, index: number, count: number): EngineSettings {
  const { hep, ipfix, tracker, eventRates } = settings;
  const { registrations, messages } = tracker;
  const isEach = hep.udpSockets === 'each';
  const tracking = isEach ? count : count - 1;
  const share = (limit: number): number => (limit === 0 ? 0 : Math.max(1, Math.floor(limit / tracking)));
  const divided: EngineSettings = {
    ...settings,
    hep: { ...hep, udpSharing: !isEach ? 'alone' : index === HUB ? 'begin' : 'join' },
    tracker: {
      ...tracker,
      maxCalls: share(tracker.maxCalls),
      maxCallBytes: share(tracker.maxCallBytes),
      registrations: {
        ...registrations,
        maxEntries: share(registrations.maxEntries),
        maxBytes: share(registrations.maxBytes),
      },
      messages: { ...messages, memBytes: share(messages.memBytes) },
    },
  };
  if (index === HUB) return divided;
  return {
    ...divided,
    hep: { ...divided.hep, tcpPort: -1, tlsPort: -1 },
    ipfix: { ...ipfix, port: -1 },
    eventBufferSize: WAITING_EVENTS,
    eventRates: { ...eventRates, maxEntries: 0 },
  };
}
