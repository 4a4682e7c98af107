import { compileFilter, FilterFault } from '../wire/bpf/filter.ts';
import type { Pace, ReplaySettings, TargetSettings } from './settings.ts';

export const USAGE = `Usage: sipcol replay FILE... --to udp:HOST:PORT|tcp:HOST:PORT [options]

Sends what is in pcap files (also .gz) to a HEP collector: HEP packets as they are, or else plain SIP as HEP.

  --to udp:HOST:PORT   where to; tcp:HOST:PORT for TCP, [ADDRESS] around IPv6
  --rate N             packets per second, 0 = as fast as possible (default: the recorded spacing)
  --speed X            recorded spacing, X times faster (default: 1)
  --as auto|hep|sip    what to send: HEP found in the file, plain SIP as HEP, or auto = SIP only if a file has no HEP
  --hep-ports P,...    UDP datagrams to these ports are HEP, even malformed (default: recognised by content, any port)
  --bpf EXPR           only packets that pass this tcpdump filter; what it may say is in docs/packets.md
  --version 1|2|3      HEP version for plain SIP (default: 3)
  --capture-id N       capture agent id for plain SIP (default: 0)
  --auth-key K         authentication key for plain SIP, HEP version 3 only
  --now                plain SIP gets times that begin now
  --fresh              as if it happened now: times begin now in HEP too, and each pass after the first is other calls
  --loop N             passes over all files, 0 = until stopped (default: 1)
  --help               this text
`;

const VALUE_OPTIONS: ReadonlySet<string> = new Set([
  'to',
  'rate',
  'speed',
  'as',
  'hep-ports',
  'bpf',
  'version',
  'capture-id',
  'auth-key',
  'loop',
]);
const FLAGS: ReadonlySet<string> = new Set(['fresh', 'now', 'help']);

/** The person who typed the command can fix it: `message` is the one line to show. */
export class ArgumentError extends Error {
  readonly code = 'ARGUMENT_INVALID';
}

/** Reads what follows `sipcol replay`. Throws `ArgumentError`. */
export function parseArguments(argv: readonly string[]): ReplaySettings | 'help' {
  const { files, options } = split(argv);
  if (options.has('help')) return 'help';
  if (files.length === 0) throw new ArgumentError('no FILE given, expected at least one pcap file');
  const settings: ReplaySettings = {
    files,
    target: parseTarget(options.get('to')),
    pace: parsePace(options.get('rate'), options.get('speed')),
    hepPorts: parsePorts(options.get('hep-ports')),
    filter: parseFilter(options.get('bpf') ?? ''),
    as: oneOf('as', options.get('as') ?? 'auto', ['auto', 'hep', 'sip']),
    version: VERSIONS[oneOf('version', options.get('version') ?? '3', ['1', '2', '3'])],
    captureId: integer('capture-id', options.get('capture-id') ?? '0', 0, 0xffff_ffff),
    authKey: options.get('auth-key'),
    loop: integer('loop', options.get('loop') ?? '1', 0, 1_000_000_000),
    now: options.has('now') || options.has('fresh'),
    fresh: options.has('fresh'),
  };
  if (settings.version !== 3) {
    if (settings.authKey !== undefined) throw new ArgumentError('--auth-key needs --version 3: older HEP has no key');
    if (settings.target.protocol === 'tcp') {
      throw new ArgumentError(
        `--version ${settings.version} needs --to udp:HOST:PORT: older HEP has no framing for TCP`,
      );
    }
    if (settings.version === 2 && settings.captureId > 0xffff) {
      throw new ArgumentError(`--capture-id is "${settings.captureId}", expected 0 to 65535 with --version 2`);
    }
  }
  return settings;
}

const VERSIONS = { 1: 1, 2: 2, 3: 3 } as const;

/** `--name value`, `--name=value`, `--flag`, with one dash or two; everything else, and all after `--`, is a file. */
function split(argv: readonly string[]): { files: string[]; options: Map<string, string> } {
  const files: string[] = [];
  const options = new Map<string, string>();
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? '';
    if (argument === '--') {
      files.push(...argv.slice(index + 1));
      break;
    }
    if (!argument.startsWith('-')) {
      files.push(argument);
      continue;
    }
    const [, name = '', given] = /^--?([^=]*)(?:=(.*))?$/s.exec(argument) ?? [];
    if (FLAGS.has(name)) {
      if (given !== undefined) throw new ArgumentError(`--${name} takes no value, given "${given}"`);
      options.set(name, '');
      continue;
    }
    if (!VALUE_OPTIONS.has(name)) throw new ArgumentError(`unknown option "${argument}", see sipcol replay --help`);
    const value = given ?? argv[++index];
    if (value === undefined) throw new ArgumentError(`--${name} needs a value`);
    options.set(name, value);
  }
  return { files, options };
}

function parseTarget(text: string | undefined): TargetSettings {
  if (text === undefined) throw new ArgumentError('--to is missing, expected udp:HOST:PORT or tcp:HOST:PORT');
  const [, protocol, bracketed, plain, digits] = /^(udp|tcp):(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if ((protocol !== 'udp' && protocol !== 'tcp') || host === undefined || !(port >= 1 && port <= 65_535)) {
    throw new ArgumentError(`--to is "${text}", expected udp:HOST:PORT or tcp:HOST:PORT`);
  }
  return { protocol, host, port };
}

function parsePace(rate: string | undefined, speed: string | undefined): Pace {
  if (rate !== undefined && speed !== undefined) {
    throw new ArgumentError('--rate and --speed exclude each other: give one');
  }
  if (rate !== undefined) return { kind: 'rate', perSecond: number('rate', rate, 0, 10_000_000) };
  return { kind: 'recorded', speed: number('speed', speed ?? '1', 0.001, 1_000_000) };
}

function parsePorts(text: string | undefined): ReadonlySet<number> | undefined {
  if (text === undefined) return undefined;
  return new Set(text.split(',').map((port) => integer('hep-ports', port.trim(), 1, 65_535)));
}

function parseFilter(expression: string): ReplaySettings['filter'] {
  const filter = compileFilter(expression);
  if (!(filter instanceof FilterFault)) return filter;
  throw new ArgumentError(`--bpf is "${expression}": at character ${filter.position + 1}, ${filter.reason}`);
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((item) => item === value);
  if (found === undefined) throw new ArgumentError(`--${name} is "${value}", expected ${allowed.join(', ')}`);
  return found;
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new ArgumentError(`--${name} is "${text}", expected a whole number from ${min} to ${max}`);
  }
  return value;
}

function number(name: string, text: string, min: number, max: number): number {
  const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new ArgumentError(`--${name} is "${text}", expected a number from ${min} to ${max}`);
  }
  return value;
}
