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

/** Who is where on a lab's address. */
export const PORTS = {
  proxy: 5060,
  answer: 5080,
  busy: 5081,
  slow: 5082,
  hangup: 5083,
  /** Nobody is there. */
  hole: 5099,
} as const;
const FIRST_CALLER_PORT = 6001;
const FIRST_CONTROL_PORT = 8001;
const FIRST_MEDIA_PORT = 10_000;

/** A caller's part: a scenario in fixtures/sipp, whom to call, and under which Call-ID. */
export interface Part {
  scenario: string;
  user: string;
  callId: string;
}

/** SIPp user agents on loopback and, when it is said whom to report to, Kamailio with siptrace between them. */
export class Lab {
  /** A loopback address of its own: no port of another lab or program is in the way. */
  readonly ip = nextAddress();
  readonly #folder = mkdtempSync(join(tmpdir(), 'sipcol-interop-'));
  readonly #programs: Program[] = [];
  #callers = 0;
  #userAgents = 0;

  static async open(reporting?: Reporting): Promise<Lab> {
    const lab = new Lab();
    try {
      for (const name of ['answer', 'busy', 'slow', 'hangup'] as const) lab.#answerer(name);
      if (reporting !== undefined) await lab.#proxy(reporting);
      return lab;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** Plays one caller to the end; answers the port it called from. */
  async play(part: Part, transport: 'udp' | 'tcp', to: number = PORTS.proxy): Promise<number> {
    const port = FIRST_CALLER_PORT + this.#callers++;
    const who = ['-s', part.user, '-cid_str', part.callId, '-p', String(port), '-t', transport === 'udp' ? 'u1' : 't1'];
    const limits = ['-m', '1', '-timeout', `${CALL_LIMIT_S}s`, '-timeout_error'];
    const caller = this.#sipp([`${this.ip}:${to}`, '-sf', scenario(part.scenario), ...who, ...limits]);
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
      ADDRESS: this.ip,
      PROXY_PORT: PORTS.proxy,
      ANSWER_PORT: PORTS.answer,
      BUSY_PORT: PORTS.busy,
      SLOW_PORT: PORTS.slow,
      HANGUP_PORT: PORTS.hangup,
      HOLE_PORT: PORTS.hole,
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
    this.#sipp(['-sf', scenario(`uas-${name}`), '-p', String(PORTS[name])]);
  }

  #sipp(args: readonly string[]): Program {
    const number = this.#userAgents++;
    // SIPp also opens sockets for media and control, and gives up when another has them.
    const media = ['-mi', this.ip, '-mp', String(FIRST_MEDIA_PORT + 10 * number)];
    const control = ['-ci', this.ip, '-cp', String(FIRST_CONTROL_PORT + number)];
    return this.#start('sipp', [...args, ...media, ...control, '-i', this.ip, '-nostdin']);
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

let addresses = 0;

/** A loopback address that differs by process and lab. */
function nextAddress(): string {
  const { pid } = process;
  return `127.${64 + ((pid >> 8) % 64)}.${pid % 256}.${1 + (addresses++ % 254)}`;
}
