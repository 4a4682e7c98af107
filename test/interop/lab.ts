import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Program, start, until } from '../support/process.ts';
import { ROOT } from '../support/root.ts';
import { find } from './tools.ts';

const START_LIMIT_MS = 15_000;
const CALL_LIMIT_S = 25;

/** How the proxy tells the collector what it sees. */
export interface Reporting {
  hepVersion: 1 | 2 | 3;
  hepTransport: 'udp' | 'tcp';
  collectorPort: number;
  captureId: number;
}

/** Where everybody is: `127.0.0.1` and these ports. */
export interface Ports {
  proxy: number;
  answer: number;
  busy: number;
  slow: number;
  hangup: number;
  /** Nobody is there. */
  hole: number;
}

/** A caller's part: a scenario in fixtures/sipp, whom to call, and under which Call-ID. */
export interface Part {
  scenario: string;
  user: string;
  callId: string;
}

/** SIPp user agents on loopback and, when it is said whom to report to, Kamailio with siptrace between them. */
export class Lab {
  readonly ports: Ports;
  readonly #folder: string;
  readonly #programs: Program[] = [];

  private constructor(folder: string, ports: Ports) {
    this.#folder = folder;
    this.ports = ports;
  }

  static async open(reporting?: Reporting): Promise<Lab> {
    const [proxy, answer, busy, slow, hangup, hole] = (await freePorts(6)) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ]; // as many as were asked for
    const ports = { proxy, answer, busy, slow, hangup, hole };
    const lab = new Lab(mkdtempSync(join(tmpdir(), 'sipcol-interop-')), ports);
    try {
      for (const name of ['answer', 'busy', 'slow', 'hangup'] as const) lab.#answerer(name);
      if (reporting !== undefined) await lab.#proxy(reporting);
      return lab;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** Plays one caller to the end; answers the port it called from. `to` is a port of `ports`. */
  async play(part: Part, transport: 'udp' | 'tcp', to: number = this.ports.proxy): Promise<number> {
    const [port] = (await freePorts(1)) as [number];
    const who = ['-s', part.user, '-cid_str', part.callId, '-p', String(port), '-t', transport === 'udp' ? 'u1' : 't1'];
    const limits = ['-m', '1', '-timeout', `${CALL_LIMIT_S}s`, '-timeout_error'];
    const caller = this.#sipp([`127.0.0.1:${to}`, '-sf', scenario(part.scenario), ...who, ...limits]);
    const how = await caller.exited;
    if (how !== 0)
      throw new Error(`${part.scenario} ended with ${how}:\n${caller.stderr}\n${caller.stdout.slice(-2000)}`);
    return port;
  }

  async close(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()));
    rmSync(this.#folder, { recursive: true });
  }

  async #proxy(reporting: Reporting): Promise<void> {
    const values: Record<string, string | number> = {
      SIP_PORT: this.ports.proxy,
      ANSWER_PORT: this.ports.answer,
      BUSY_PORT: this.ports.busy,
      SLOW_PORT: this.ports.slow,
      HANGUP_PORT: this.ports.hangup,
      HOLE_PORT: this.ports.hole,
      HEP_VERSION: reporting.hepVersion,
      HEP_TRANSPORT: reporting.hepTransport,
      COLLECTOR_PORT: reporting.collectorPort,
      CAPTURE_ID: reporting.captureId,
    };
    const template = readFileSync(join(ROOT, 'fixtures/kamailio/siptrace.cfg'), 'utf8');
    const path = join(this.#folder, 'kamailio.cfg');
    writeFileSync(
      path,
      template.replaceAll(/@([A-Z_]+)@/g, (place, name: string) => String(values[name] ?? place)),
    );
    const kamailio = this.#start('kamailio', ['-f', path, '-DD', '-E', '-m', '32', '-M', '4', '-Y', this.#folder]);
    await until(
      'kamailio ready',
      START_LIMIT_MS,
      () => {
        if (!kamailio.isRunning) throw new Error(`kamailio ended at its start:\n${kamailio.stderr}`);
        return kamailio.stderr.includes('ready') ? true : undefined;
      },
      () => kamailio.stderr,
    );
  }

  #answerer(name: 'answer' | 'busy' | 'slow' | 'hangup'): void {
    this.#sipp(['-sf', scenario(`uas-${name}`), '-p', String(this.ports[name])]);
  }

  #sipp(args: readonly string[]): Program {
    return this.#start('sipp', [...args, '-i', '127.0.0.1', '-nostdin']);
  }

  #start(name: string, args: readonly string[]): Program {
    const program = start(find(name) ?? name, args, { cwd: this.#folder, env: { ...process.env, TERM: 'dumb' } });
    this.#programs.push(program);
    return program;
  }
}

function scenario(name: string): string {
  return join(ROOT, 'fixtures/sipp', `${name}.xml`);
}

/** UDP ports nobody used a moment ago, all different. */
async function freePorts(count: number): Promise<number[]> {
  const sockets = Array.from({ length: count }, () => createSocket('udp4').bind(0, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => once(socket, 'listening')));
  const ports = sockets.map((socket) => socket.address().port);
  await Promise.all(
    sockets.map((socket) => {
      socket.close();
      return once(socket, 'close');
    }),
  );
  return ports;
}
