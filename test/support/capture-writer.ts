/** Writes packets and capture files octet by octet, without any of the product's code. */
export interface Segment {
  protocol: 'udp' | 'tcp';
  src: string;
  srcPort: number;
  dst: string;
  dstPort: number;
  payload: Buffer;
  sequence?: number;
  flags?: number;
}

function address(text: string): Buffer {
  return Buffer.from(text.split('.').map(Number));
}

/** An IPv4 packet; `fragment` is the field with flags and offset. */
export function ipv4(src: string, dst: string, protocol: number, payload: Buffer, fragment = 0, id = 1): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(20 + payload.length, 2);
  header.writeUInt16BE(id, 4);
  header.writeUInt16BE(fragment, 6);
  header.writeUInt8(64, 8);
  header.writeUInt8(protocol, 9);
  address(src).copy(header, 12);
  address(dst).copy(header, 16);
  return Buffer.concat([header, payload]);
}

export function udp(srcPort: number, dstPort: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(srcPort, 0);
  header.writeUInt16BE(dstPort, 2);
  header.writeUInt16BE(8 + payload.length, 4);
  return Buffer.concat([header, payload]);
}

export function tcp(srcPort: number, dstPort: number, sequence: number, flags: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(srcPort, 0);
  header.writeUInt16BE(dstPort, 2);
  header.writeUInt32BE(sequence >>> 0, 4);
  header.writeUInt8(0x50, 12);
  header.writeUInt8(flags, 13);
  return Buffer.concat([header, payload]);
}

export function sctpData(srcPort: number, dstPort: number, ...payloads: Buffer[]): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(srcPort, 0);
  header.writeUInt16BE(dstPort, 2);
  const chunks = payloads.map((payload) => {
    const chunk = Buffer.alloc(16 + Math.ceil(payload.length / 4) * 4);
    chunk.writeUInt8(3, 1);
    chunk.writeUInt16BE(16 + payload.length, 2);
    payload.copy(chunk, 16);
    return chunk;
  });
  return Buffer.concat([header, ...chunks]);
}

/** An SCTP packet with one DATA chunk; flags: 2 = first, 1 = last fragment. */
export function sctpChunk(srcPort: number, dstPort: number, tsn: number, flags: number, payload: Buffer): Buffer {
  const packet = sctpData(srcPort, dstPort, payload);
  packet.writeUInt8(flags, 12 + 1);
  packet.writeUInt32BE(tsn, 12 + 4);
  return packet;
}

export function ethernet(ip: Buffer, ...vlans: number[]): Buffer {
  const tags = vlans.flatMap((id) => [0x81, 0x00, id >> 8, id & 255]);
  const type = (ip[0] ?? 0) >> 4 === 6 ? [0x86, 0xdd] : [0x08, 0x00];
  return Buffer.concat([Buffer.alloc(12), Buffer.from(tags), Buffer.from(type), ip]);
}

export function frameOf(segment: Segment): Buffer {
  const { protocol, src, dst, srcPort, dstPort, payload } = segment;
  const transport =
    protocol === 'udp'
      ? udp(srcPort, dstPort, payload)
      : tcp(srcPort, dstPort, segment.sequence ?? 0, segment.flags ?? 0x18, payload);
  return ethernet(ipv4(src, dst, protocol === 'udp' ? 17 : 6, transport));
}

export interface TimedFrame {
  timeUs: number;
  frame: Buffer;
}

/** A classic pcap file. */
export function pcapFile(
  frames: readonly TimedFrame[],
  {
    little = true,
    nanoseconds = false,
    linkType = 1,
  }: { little?: boolean; nanoseconds?: boolean; linkType?: number } = {},
): Buffer {
  const words = (...values: number[]): Buffer => {
    const bytes = Buffer.alloc(values.length * 4);
    for (const [index, value] of values.entries()) {
      if (little) bytes.writeUInt32LE(value, index * 4);
      else bytes.writeUInt32BE(value, index * 4);
    }
    return bytes;
  };
  const version = little ? 0x0004_0002 : 0x0002_0004;
  const header = words(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, version, 0, 0, 262_144, linkType);
  const records = frames.flatMap(({ timeUs, frame }) => {
    const fraction = (timeUs % 1e6) * (nanoseconds ? 1000 : 1);
    return [words(Math.floor(timeUs / 1e6), fraction, frame.length, frame.length), frame];
  });
  return Buffer.concat([header, ...records]);
}
