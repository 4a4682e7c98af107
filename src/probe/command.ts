import { readFileSync } from 'node:fs';
import { formatEndpoint } from '../model/endpoint.ts';
import { CaptureFileError, type CapturedMessage, EVERYTHING, readMessages } from '../replay/capture-file.ts';
import { freshSip, markOf } from '../replay/fresh.ts';
import { Pacer } from '../replay/pacer.ts';
import { parseProbeArguments, ProbeArgumentError, type ProbeSettings, USAGE } from './arguments.ts';
import { Border, type Place } from './border.ts';
import { ProbeConnection } from './connection.ts';

/** What the SBC of the published capture offered; the bit of quality records is taken out with `--no-qos`. */
const OFFERED = 0x00fc;
const OFFERED_2 = 0x7731;
const RTP_QOS_AND_RTCP = 0x0c;

/** What the command needs from the process it runs in. */
export interface ProbeIo {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown };
  /** Aborted when the user wants to stop. */
  signal: AbortSignal;
}

interface Counts {
  sip: number;
  qos: number;
  skipped: number;
}

/** `sipcol probe`: `argv` is what follows the word. Answers the exit code. */
export async function runProbe(argv: readonly string[], io: ProbeIo): Promise<number> {
  try {
    const settings = parseProbeArguments(argv);
    if (settings === 'help') {
      io.stdout.write(USAGE);
      return 0;
    }
    return await run(settings, io);
  } catch (error) {
    if (!(error instanceof ProbeArgumentError || error instanceof CaptureFileError)) throw error;
    io.stderr.write(`sipcol probe: ${error.message}\n`);
    return 1;
  }
}

async function run(settings: ProbeSettings, io: ProbeIo): Promise<number> {
  const place = settings.place ?? (await busiestPlace(settings.files));
  const tell = (line: string): unknown => io.stderr.write(`sipcol probe: ${line}\n`);
  const identity = {
    hostName: settings.hostName,
    keepaliveS: settings.keepaliveS,
    configFlags: settings.qos ? OFFERED : OFFERED & ~RTP_QOS_AND_RTCP,
    configFlags2: OFFERED_2,
    systemId: 0,
  };
  const { host, port } = settings;
  const connection = new ProbeConnection(
    { host, port, tls: tlsOf(settings), identity },
    {
      connected: () =>
        tell(
          `connected to ${formatEndpoint(host, port)}: keep-alive every ${connection.keepaliveS} s, quality records ${connection.wantsQos ? 'wanted' : 'not wanted'}`,
        ),
      lost: (reason, retryMs) => tell(`no connection: ${reason}; again in ${retryMs / 1000} s`),
    },
  );
  const counts: Counts = { sip: 0, qos: 0, skipped: 0 };
  const stopped = new Promise<void>((resolve) => {
    if (io.signal.aborted) resolve();
    io.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  connection.start();
  try {
    const work = play(settings, place, connection, counts, io.signal);
    await Promise.race([settings.stay ? work.then(() => stopped) : work, stopped]);
  } finally {
    await connection.stop();
  }
  io.stdout.write(
    `probe: SIP sets ${counts.sip}, quality records ${counts.qos}, skipped ${counts.skipped}, ` +
      `messages ${connection.messages}, octets ${connection.octets}, keep-alives ${connection.keepalives}, handshakes ${connection.handshakes}\n`,
  );
  return connection.handshakes > 0 || io.signal.aborted ? 0 : 1;
}

async function play(
  settings: ProbeSettings,
  place: Place,
  connection: ProbeConnection,
  counts: Counts,
  signal: AbortSignal,
): Promise<void> {
  const pacer = new Pacer(settings.pace, signal);
  for (let pass = 0; settings.loop === 0 || pass < settings.loop; pass++) {
    const border = new Border({ place, b2bua: settings.b2bua });
    for (const file of settings.files) {
      pacer.nextFile();
      for await (const captured of sipOf(file)) {
        await pacer.wait(captured.timeUs);
        if (signal.aborted) return;
        const timeUs = settings.recordedTime ? captured.timeUs : Date.now() * 1000;
        const bytes = settings.fresh ? freshSip(captured.bytes, `-sbc${markOf(pass)}`) : captured.bytes;
        const sighting = border.sight({ ...captured, bytes }, timeUs);
        if (sighting === undefined) {
          counts.skipped++;
          continue;
        }
        await connection.send([sighting.sip]);
        counts.sip++;
        if (sighting.qos === undefined || !connection.wantsQos) continue;
        await connection.send([sighting.qos]);
        counts.qos++;
      }
    }
    if (settings.files.length === 0) return;
  }
}

/** The SIP of a file; HEP in it is what somebody else reported. */
async function* sipOf(file: string): AsyncGenerator<CapturedMessage, void, void> {
  const uncounted = { frame: () => undefined, skipped: () => undefined };
  try {
    for await (const captured of readMessages(file, EVERYTHING, uncounted)) if (captured.kind === 'sip') yield captured;
  } catch (error) {
    // What came before the cut is worth sending.
    if (!(error instanceof CaptureFileError && error.isTruncated)) throw error;
  }
}

/** The endpoint most messages were sent from or to: a proxy or SBC, rather than one of the phones around it. */
async function busiestPlace(files: readonly string[]): Promise<Place> {
  const messages = new Map<string, { place: Place; count: number }>();
  for (const file of files) {
    for await (const { src, srcPort, dst, dstPort } of sipOf(file)) {
      for (const place of [
        { ip: src, port: srcPort },
        { ip: dst, port: dstPort },
      ]) {
        const key = formatEndpoint(place.ip, place.port);
        const found = messages.get(key);
        if (found === undefined) messages.set(key, { place, count: 1 });
        else found.count++;
      }
    }
  }
  let best: { place: Place; count: number } | undefined;
  for (const found of messages.values()) if (best === undefined || found.count > best.count) best = found;
  if (best !== undefined) return best.place;
  if (files.length > 0) throw new ProbeArgumentError('no SIP in the files given');
  return { ip: '', port: undefined };
}

function tlsOf({ tls }: ProbeSettings): { ca?: Buffer; cert?: Buffer; key?: Buffer } | undefined {
  if (tls === undefined) return undefined;
  const read = (name: 'ca' | 'cert' | 'key'): Record<string, Buffer> => {
    const path = tls[name];
    if (path === undefined) return {};
    try {
      return { [name]: readFileSync(path) };
    } catch (error) {
      throw new ProbeArgumentError(`--${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  return { ...read('ca'), ...read('cert'), ...read('key') };
}
