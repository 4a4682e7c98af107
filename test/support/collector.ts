import { join } from 'node:path';
import type { AgentView, CallView, EventView, Page, ProbeView, RegistrationView } from '../../src/model/views.ts';
import { type Program, start as startProgram, until } from './process.ts';
import { ROOT } from './root.ts';

/** The program under test, as a user would run it; `SIPCOL_CLI` names another build of it. */
const CLI = process.env['SIPCOL_CLI'] ?? join(ROOT, '.build/src/cli.js');

const START_LIMIT_MS = 30_000;
const LISTENERS = ['hep-udp', 'hep-tcp', 'http'] as const;
/** One of these where IPFIX is not switched off. */
const IPFIX_LISTENERS = ['ipfix-tcp', 'ipfix-tls'] as const;

/** A running collector with ephemeral ports on loopback. */
export interface Collector {
  readonly hepUdp: number;
  readonly hepTcp: number;
  readonly http: number;
  /** 0 = off. */
  readonly ipfix: number;
  readonly program: Program;
  json<T>(path: string): Promise<T>;
  calls(): Promise<CallView[]>;
  events(): Promise<EventView[]>;
  registrations(): Promise<RegistrationView[]>;
  agents(): Promise<AgentView[]>;
  probes(): Promise<ProbeView[]>;
  /** `group.name` → value. */
  counters(): Promise<Map<string, number>>;
  /** Waits until so many messages have been received and every one of them has been worked on. */
  received(messages: number, limitMs?: number): Promise<void>;
  /** Ends all calls, bindings and subscriptions at once. */
  endCalls(): Promise<void>;
  /** Ends the collector as an operator would; the exit code must be 0. */
  stop(): Promise<void>;
}

interface ListenLine {
  msg: 'listening';
  listener: string;
  port: number;
}

/** Starts a collector. `options` are command line options by name; `cli` is another build of the program. */
export async function startCollector(options: Record<string, string> = {}, cli = CLI): Promise<Collector> {
  const given: Record<string, string> = {
    hep_addr: '127.0.0.1',
    hep_udp_port: 'auto',
    hep_tcp_port: 'auto',
    ipfix_addr: '127.0.0.1',
    ipfix_port: 'auto',
    http_port: 'auto',
    ...options,
  };
  const program = startProgram(process.execPath, [
    cli,
    'serve',
    ...Object.entries(given).map(([name, value]) => `--${name}=${value}`),
  ]);
  try {
    const ports = await until(
      'collector listening',
      START_LIMIT_MS,
      () => {
        if (!program.isRunning) throw new Error(`collector ended at its start:\n${program.stderr}`);
        const found = new Map(listenLines(program.stderr).map(({ listener, port }) => [listener, port]));
        const needed = LISTENERS.every((name) => found.has(name));
        const ipfix = given['ipfix_port'] === '0' || IPFIX_LISTENERS.some((name) => found.has(name));
        return needed && ipfix ? found : undefined;
      },
      () => program.stderr,
    );
    return new RunningCollector(program, ports);
  } catch (error) {
    await program.stop(0);
    throw error;
  }
}

class RunningCollector implements Collector {
  readonly hepUdp: number;
  readonly hepTcp: number;
  readonly http: number;
  readonly ipfix: number;
  readonly program: Program;

  constructor(program: Program, ports: ReadonlyMap<string, number>) {
    this.program = program;
    this.hepUdp = ports.get('hep-udp') ?? 0;
    this.hepTcp = ports.get('hep-tcp') ?? 0;
    this.http = ports.get('http') ?? 0;
    this.ipfix = IPFIX_LISTENERS.map((name) => ports.get(name)).find((port) => port !== undefined) ?? 0;
  }

  async json<T>(path: string): Promise<T> {
    const url = new URL(path, `http://127.0.0.1:${this.http}`);
    url.searchParams.set('format', 'json');
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    if (!response.ok) throw new Error(`GET ${url.pathname}${url.search}: ${response.status} ${text}`);
    return JSON.parse(text) as T; // the caller names the documented shape of the path
  }

  async calls(): Promise<CallView[]> {
    return (await this.json<Page<CallView>>('/calls/list?n=1000')).items;
  }

  async events(): Promise<EventView[]> {
    return (await this.json<Page<EventView>>('/events?n=10000')).items;
  }

  async registrations(): Promise<RegistrationView[]> {
    return (await this.json<Page<RegistrationView>>('/regs/list?n=1000')).items;
  }

  async agents(): Promise<AgentView[]> {
    return (await this.json<Page<AgentView>>('/hep/list?n=1000')).items;
  }

  async probes(): Promise<ProbeView[]> {
    return (await this.json<Page<ProbeView>>('/ipfix/list?n=10000')).items;
  }

  async counters(): Promise<Map<string, number>> {
    const page = await this.json<Page<{ group: string; name: string; value: number }>>('/counters');
    return new Map(page.items.map(({ group, name, value }) => [`${group}.${name}`, value]));
  }

  async received(messages: number, limitMs = 15_000): Promise<void> {
    let last: number[] = [];
    await until(
      `${messages} messages received and worked on`,
      limitMs,
      async () => {
        const counters = await this.counters();
        const of = (name: string): number => counters.get(`ingest.${name}`) ?? 0;
        const done = of('tracked') + of('refused') + of('ignored') + of('dropped');
        last = [of('received'), done];
        return of('received') >= messages && done >= messages ? true : undefined;
      },
      () => `received, done: ${last.join(', ')}\n${this.program.stderr}`,
    );
  }

  async endCalls(): Promise<void> {
    const url = `http://127.0.0.1:${this.http}/debug/forcetimeout`;
    const body = new URLSearchParams({ timeout: '0s' });
    const response = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(`POST ${url}: ${response.status} ${await response.text()}`);
  }

  async stop(): Promise<void> {
    const how = await this.program.stop(15_000);
    if (how !== 0) throw new Error(`collector ended with ${how}:\n${this.program.stderr}`);
  }
}

function listenLines(log: string): ListenLine[] {
  return log
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as { msg?: unknown }) // a log line is an object; its fields are checked next
    .filter((line): line is ListenLine => line.msg === 'listening' && 'listener' in line && 'port' in line);
}
