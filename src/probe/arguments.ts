import { parseArgs } from 'node:util';
import { parseIp } from '../model/endpoint.ts';
import type { Pace } from '../replay/settings.ts';
import type { Place } from './border.ts';

export const USAGE = `Usage: sipcol probe --to HOST:PORT [--pcap FILE ...] [options]

Behaves like an Acme/Oracle SBC that exports what it sees to an IPFIX collector: connects, asks, waits for the answer,
keeps the connection alive, sends the SIP of pcap files as its own traffic and a quality record at the end of each call.

  --to HOST:PORT       where to; [ADDRESS]:PORT for IPv6
  --pcap FILE          traffic with SIP in it (also .gz); may be repeated. Without it the probe only keeps its connection
  --sbc IP[:PORT]      which endpoint of the traffic is the SBC (default: the one with most messages)
  --b2bua              give the other side of each call a Call-ID of its own, as a back-to-back user agent does
  --no-qos             do not offer quality records
  --host-name NAME     name the SBC goes by (default: sipcol-probe)
  --keepalive N        seconds between keep-alives that are asked for, 0 = none (default: 30)
  --rate N             messages per second, 0 = as fast as possible (default: the recorded spacing)
  --speed X            recorded spacing, X times faster (default: 1)
  --recorded-time      times as recorded instead of those of sending
  --fresh              calls of its own: those of each pass differ, and from those of a replay of the same file
  --loop N             passes over all files, 0 = until stopped (default: 1)
  --stay               stay connected when all is sent, until stopped
  --tls                speak TLS; --ca FILE, --cert FILE and --key FILE name PEM files
  --help               this text
`;

/** The person who typed the command can fix it: `message` is the one line to show. */
export class ProbeArgumentError extends Error {
  readonly code = 'ARGUMENT_INVALID';
}

export interface ProbeSettings {
  host: string;
  port: number;
  files: readonly string[];
  place: Place | undefined;
  b2bua: boolean;
  qos: boolean;
  hostName: string;
  keepaliveS: number;
  pace: Pace;
  recordedTime: boolean;
  loop: number;
  /** Calls of each pass are others, and none are those of the file. */
  fresh: boolean;
  stay: boolean;
  /** Names of PEM files. */
  tls: { ca: string | undefined; cert: string | undefined; key: string | undefined } | undefined;
}

const MAX_HOST_NAME = 254;

/** Reads what follows `sipcol probe`. Throws `ProbeArgumentError`. */
export function parseProbeArguments(argv: readonly string[]): ProbeSettings | 'help' {
  const { values } = readOptions(argv);
  if (values.help === true) return 'help';
  const hostName = values['host-name'] ?? 'sipcol-probe';
  if (hostName.length > MAX_HOST_NAME) throw new ProbeArgumentError(`--host-name: at most ${MAX_HOST_NAME} characters`);
  if (values.rate !== undefined && values.speed !== undefined) {
    throw new ProbeArgumentError('--rate and --speed exclude each other: give one');
  }
  const { tls, ca, cert, key } = values;
  if (tls !== true && (ca ?? cert ?? key) !== undefined) {
    throw new ProbeArgumentError('--ca, --cert and --key need --tls');
  }
  return {
    ...targetOf(values.to),
    files: values.pcap ?? [],
    place: values.sbc === undefined ? undefined : placeOf(values.sbc),
    b2bua: values.b2bua === true,
    qos: values['no-qos'] !== true,
    hostName,
    keepaliveS: whole('keepalive', values.keepalive ?? '30', 65_535),
    pace:
      values.rate === undefined
        ? { kind: 'recorded', speed: positive('speed', values.speed ?? '1') }
        : { kind: 'rate', perSecond: whole('rate', values.rate, 10_000_000) },
    recordedTime: values['recorded-time'] === true,
    fresh: values.fresh === true,
    loop: whole('loop', values.loop ?? '1', 1_000_000_000),
    stay: values.stay === true || values.pcap === undefined,
    tls: tls === true ? { ca, cert, key } : undefined,
  };
}

function readOptions(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: {
        to: text,
        pcap: { type: 'string', multiple: true },
        sbc: text,
        b2bua: flag,
        'no-qos': flag,
        'host-name': text,
        keepalive: text,
        rate: text,
        speed: text,
        'recorded-time': flag,
        fresh: flag,
        loop: text,
        stay: flag,
        tls: flag,
        ca: text,
        cert: text,
        key: text,
        help: flag,
      },
    });
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new ProbeArgumentError(`${line.replace(/\.( .*)?$/, '')}, see sipcol probe --help`);
  }
}

function targetOf(given: string | undefined): { host: string; port: number } {
  if (given === undefined) throw new ProbeArgumentError('--to is missing, expected HOST:PORT');
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(given) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || !(port >= 1 && port <= 65_535)) {
    throw new ProbeArgumentError(`--to is "${given}", expected HOST:PORT`);
  }
  return { host, port };
}

function placeOf(given: string): Place {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(given) ?? [undefined, given];
  const ip = bracketed ?? plain ?? '';
  const port = digits === undefined ? undefined : Number(digits);
  if (parseIp(ip) === undefined || (port ?? 1) > 65_535) {
    throw new ProbeArgumentError(`--sbc is "${given}", expected IP or IP:PORT`);
  }
  return { ip, port };
}

function whole(name: string, given: string, max: number): number {
  const value = /^\d{1,10}$/.test(given) ? Number(given) : Number.NaN;
  if (!(value <= max))
    throw new ProbeArgumentError(`--${name} is "${given}", expected a whole number from 0 to ${max}`);
  return value;
}

function positive(name: string, given: string): number {
  const value = /^\d+(?:\.\d+)?$/.test(given) ? Number(given) : Number.NaN;
  if (!(value >= 0.001 && value <= 1_000_000)) {
    throw new ProbeArgumentError(`--${name} is "${given}", expected a number from 0.001 to 1000000`);
  }
  return value;
}
