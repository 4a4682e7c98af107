/** The pages, in the order of the index; what is listed here and what is routed is held equal by a test. */
export interface SitePage {
  path: string;
  group: string;
  title: string;
}

const page = (group: string, path: string, title: string): SitePage => ({ path, group, title });

export const SITE_MAP: readonly SitePage[] = [
  page('Calls', '/calls/list', 'Calls held now, newest first'),
  page('Calls', '/calls/list/query', 'Search calls'),
  page('Calls', '/calls', 'Call table: size, limits, states'),
  page('Calls', '/calls/timeout', 'Timeouts of call states'),
  page('Calls', '/shares', 'Short links to calls'),
  page('Messages', '/messages', 'Messages kept for display, newest first'),
  page('Messages', '/messages/query', 'Search messages'),
  page('Registrations', '/regs/list', 'Bindings held now, newest first'),
  page('Registrations', '/regs/list/query', 'Search bindings'),
  page('Registrations', '/regs', 'Table of bindings: size, limits'),
  page('Registrations', '/regs/cfg', 'How registrations are judged'),
  page('Events', '/events', 'Events, oldest first'),
  page('Events', '/events/query', 'Search events'),
  page('Events', '/events/blst', 'Event types that are switched off'),
  page('Event rates', '/evrateblst', 'Rate table: size, limits, totals'),
  page('Event rates', '/evrateblst/list', 'Rates by event type and source'),
  page('Event rates', '/evrateblst/list/query', 'Search rates'),
  page('Event rates', '/evrateblst/rates', 'Limits and intervals of rates'),
  page('Event rates', '/evrateblst/forcegc', 'Collect old rate entries now'),
  page('Event rates', '/evrateblst/gccfg1', 'Periodic collection'),
  page('Event rates', '/evrateblst/gccfg2', 'Collection when the table is full'),
  page('Ingest', '/hep/list', 'Ingest health: agents, faults by reason, listeners'),
  page('Ingest', '/ipfix/list', 'IPFIX probes'),
  page('Statistics', '/stats', 'Packets and SIP messages, totals'),
  page('Statistics', '/stats/rate', 'Rate per second'),
  page('Statistics', '/stats/rate?d=10s', 'Rate per 10 s'),
  page('Statistics', '/stats/rate?d=1m', 'Rate per minute'),
  page('Statistics', '/stats/rate?d=1h', 'Rate per hour'),
  page('Statistics', '/stats/avg', 'Average per second'),
  page('Statistics', '/stats/avg?d=10s', 'Average per 10 s'),
  page('Statistics', '/stats/avg?d=1m', 'Average per minute'),
  page('Statistics', '/stats/avg?d=1h', 'Average per hour'),
  page('Statistics', '/stats/charts', 'Charts of calls, traffic, any counter'),
  page('Statistics', '/stats/raw', 'Packet counters by name'),
  page('Statistics', '/metrics', 'All counters, for Prometheus'),
  page('Statistics', '/links', 'Messages by server, transport, port and client'),
  page('Statistics', '/counters', 'All counters'),
  page('Statistics', '/counters/avg', 'All counters, average per second'),
  page('Packets', '/tcp/timeouts', 'Time-outs of captured TCP'),
  page('Packets', '/inject', 'Inject a SIP message'),
  page('Process', '/debug/options', 'Log level'),
  page('Process', '/debug/forcetimeout', 'End all calls early'),
  page('Process', '/debug/cpu', 'CPU profile of a thread'),
  page('Process', '/debug/heap', 'Heap snapshot of a thread'),
  page('About', '/pages', 'All pages'),
  page('About', '/about', 'Version and dependencies'),
  page('About', '/about/config', 'Configuration in effect'),
  page('About', '/retention', 'What is kept, and for how long'),
  page('About', '/certificates', 'Certificates, and until when they are valid'),
  page('About', '/access', 'Who may use the pages, and until when'),
  page('About', '/login', 'Log in, and who you are'),
  page('About', '/aliases', 'Names of addresses'),
  page('About', '/zone', 'Time zone of what is shown'),
  page('About', '/audit', 'Who changed or exported what'),
  page('About', '/healthz', 'Is it alive'),
  page('About', '/readyz', 'Is it ready for traffic'),
  page('About', '/api', 'The API, to read'),
  page('About', '/openapi.json', 'Description of the API, for programs'),
];

/** Members by their group, groups in order of first appearance. */
export function byGroup<Member extends { group: string }>(members: readonly Member[]): Map<string, Member[]> {
  const groups = new Map<string, Member[]>();
  for (const member of members) {
    const group = groups.get(member.group);
    if (group === undefined) groups.set(member.group, [member]);
    else group.push(member);
  }
  return groups;
}
