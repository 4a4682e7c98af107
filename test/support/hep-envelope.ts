/** What a test needs to know of a HEP packet. */
export interface HepEnvelope {
  version: 1 | 2 | 3;
  transport: 'udp' | 'tcp';
  src: string;
  dst: string;
  /** Microseconds since the epoch, `undefined` in version 1. */
  timeUs: number | undefined;
  captureId: number;
  /** HEP protocol type; versions 1 and 2 always carry SIP. */
  kind: number;
  correlationId: string;
  payload: Buffer;
}

/**
 * Reads a well-formed IPv4 HEP packet the shortest way, without any of the product's code, so that expectations and
 * results never come from the same mistake.
 */
export function readHep(bytes: Buffer): HepEnvelope {
  if (bytes.subarray(0, 4).toString('latin1') === 'HEP3') return readHep3(bytes);
  const version = bytes.readUInt8(0);
  if (version !== 1 && version !== 2) throw new Error(`unknown HEP version ${version}`);
  return {
    version,
    transport: transportOf(bytes.readUInt8(3)),
    src: `${dotted(bytes, 8)}:${bytes.readUInt16BE(4)}`,
    dst: `${dotted(bytes, 12)}:${bytes.readUInt16BE(6)}`,
    timeUs: version === 1 ? undefined : bytes.readUInt32LE(16) * 1e6 + bytes.readUInt32LE(20),
    captureId: version === 1 ? 0 : bytes.readUInt16LE(24),
    kind: 1,
    correlationId: '',
    payload: bytes.subarray(version === 1 ? 16 : 28),
  };
}

function readHep3(bytes: Buffer): HepEnvelope {
  const chunks = new Map<number, Buffer>();
  for (let at = 6; at < bytes.readUInt16BE(4);) {
    const length = bytes.readUInt16BE(at + 4);
    if (length < 6) throw new Error('HEP3 chunk shorter than its header');
    if (bytes.readUInt16BE(at) === 0) chunks.set(bytes.readUInt16BE(at + 2), bytes.subarray(at + 6, at + length));
    at += length;
  }
  const chunk = (type: number): Buffer => {
    const value = chunks.get(type);
    if (value === undefined) throw new Error(`HEP3 packet without chunk ${type}`);
    return value;
  };
  return {
    version: 3,
    transport: transportOf(chunk(2).readUInt8(0)),
    src: `${dotted(chunk(3), 0)}:${chunk(7).readUInt16BE(0)}`,
    dst: `${dotted(chunk(4), 0)}:${chunk(8).readUInt16BE(0)}`,
    timeUs: chunk(9).readUInt32BE(0) * 1e6 + chunk(10).readUInt32BE(0),
    captureId: chunk(12).readUInt32BE(0),
    kind: chunk(11).readUInt8(0),
    correlationId: chunks.get(17)?.toString('latin1') ?? '',
    payload: chunk(15),
  };
}

/** Moves the time in a HEP3 packet. */
export function shiftHep3Time(bytes: Buffer, byUs: number): void {
  const timeUs = (readHep3(bytes).timeUs ?? 0) + byUs;
  for (let at = 6; at < bytes.length; at += bytes.readUInt16BE(at + 4)) {
    const type = bytes.readUInt16BE(at + 2);
    if (type === 9) bytes.writeUInt32BE(Math.floor(timeUs / 1e6), at + 6);
    if (type === 10) bytes.writeUInt32BE(timeUs % 1e6, at + 6);
  }
}

function transportOf(ipProtocol: number): 'udp' | 'tcp' {
  if (ipProtocol === 17) return 'udp';
  if (ipProtocol === 6) return 'tcp';
  throw new Error(`unexpected IP protocol ${ipProtocol}`);
}

function dotted(bytes: Buffer, at: number): string {
  return [...bytes.subarray(at, at + 4)].join('.');
}
