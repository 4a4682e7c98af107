import { readFileSync } from 'node:fs';

/** One UDP datagram of a capture file. */
export interface Datagram {
  timeUs: number;
  src: string;
  dst: string;
  dstPort: number;
  payload: Buffer;
}

/**
 * UDP datagrams sent to one of `ports`, in the order of the file. Reads what our fixtures are: little-endian classic
 * pcap with microseconds, Ethernet, IPv4 without fragments; anything else throws, because a fixture must not shrink
 * in silence.
 */
export function readDatagrams(path: string, ports: readonly number[]): Datagram[] {
  const file = readFileSync(path);
  if (file.readUInt32LE(0) !== 0xa1b2c3d4 || file.readUInt32LE(20) !== 1) {
    throw new Error(`${path}: expected a little-endian pcap with Ethernet frames`);
  }
  const datagrams: Datagram[] = [];
  for (let at = 24; at < file.length;) {
    const captured = file.readUInt32LE(at + 8);
    const frame = file.subarray(at + 16, at + 16 + captured);
    const timeUs = file.readUInt32LE(at) * 1e6 + file.readUInt32LE(at + 4);
    at += 16 + captured;
    if (frame.readUInt16BE(12) !== 0x0800) throw new Error(`${path}: expected IPv4 only`);
    const ip = frame.subarray(14);
    if (ip.readUInt8(9) !== 17) continue;
    if ((ip.readUInt16BE(6) & 0x3fff) !== 0) throw new Error(`${path}: expected no fragments`);
    const udp = ip.subarray((ip.readUInt8(0) & 15) * 4);
    const dstPort = udp.readUInt16BE(2);
    if (!ports.includes(dstPort)) continue;
    datagrams.push({
      timeUs,
      src: `${dotted(ip, 12)}:${udp.readUInt16BE(0)}`,
      dst: `${dotted(ip, 16)}:${dstPort}`,
      dstPort,
      payload: Buffer.from(udp.subarray(8, udp.readUInt16BE(4))),
    });
  }
  return datagrams;
}

export function dotted(bytes: Buffer, at: number): string {
  return [...bytes.subarray(at, at + 4)].join('.');
}
