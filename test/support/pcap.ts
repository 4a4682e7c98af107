import { readFileSync } from 'node:fs';
import { formatIp } from '../../src/model/endpoint.ts';

/** One UDP datagram or TCP segment of a capture. */
export interface CapturedPacket {
  timeUs: number;
  protocol: 'udp' | 'tcp';
  src: string;
  srcPort: number;
  dst: string;
  dstPort: number;
  payload: Buffer;
}

const LINKTYPE_ETHERNET = 1;

/**
 * Reads a test capture: classic pcap with microseconds, Ethernet, IPv4 or IPv6 without fragments or extension
 * headers, UDP or TCP. Anything else in the file is an error, so that a test never skips packets unnoticed.
 */
export function readPcap(path: string): CapturedPacket[] {
  const file = readFileSync(path);
  const little = file.readUInt32LE(0) === 0xa1b2c3d4;
  if (!little && file.readUInt32BE(0) !== 0xa1b2c3d4) throw new Error(`${path}: not a pcap file with microseconds`);
  const u32 = (at: number): number => (little ? file.readUInt32LE(at) : file.readUInt32BE(at));
  if (u32(20) !== LINKTYPE_ETHERNET) throw new Error(`${path}: link type ${u32(20)}, expected Ethernet`);
  const packets: CapturedPacket[] = [];
  for (let at = 24; at < file.length;) {
    const captured = u32(at + 8);
    if (captured !== u32(at + 12)) throw new Error(`${path}: packet at ${at} is cut`);
    const frame = file.subarray(at + 16, at + 16 + captured);
    packets.push({ timeUs: u32(at) * 1e6 + u32(at + 4), ...readFrame(frame, `${path}: packet at ${at}`) });
    at += 16 + captured;
  }
  return packets;
}

function readFrame(frame: Buffer, where: string): Omit<CapturedPacket, 'timeUs'> {
  const etherType = frame.readUInt16BE(12);
  const ip = frame.subarray(14);
  if (etherType === 0x0800) {
    if ((ip.readUInt16BE(6) & 0x3fff) !== 0) throw new Error(`${where} is a fragment`);
    const address = (at: number): string => formatIp(4, 0, 0, 0xffff, ip.readInt32BE(at));
    const header = (ip.readUInt8(0) & 15) * 4;
    return readTransport(
      ip.subarray(header, ip.readUInt16BE(2)),
      ip.readUInt8(9),
      { src: address(12), dst: address(16) },
      where,
    );
  }
  if (etherType === 0x86dd) {
    const address = (at: number): string =>
      formatIp(6, ip.readInt32BE(at), ip.readInt32BE(at + 4), ip.readInt32BE(at + 8), ip.readInt32BE(at + 12));
    return readTransport(
      ip.subarray(40, 40 + ip.readUInt16BE(4)),
      ip.readUInt8(6),
      { src: address(8), dst: address(24) },
      where,
    );
  }
  throw new Error(`${where} has ethertype ${etherType}`);
}

function readTransport(
  segment: Buffer,
  protocol: number,
  addresses: { src: string; dst: string },
  where: string,
): Omit<CapturedPacket, 'timeUs'> {
  const ports = { ...addresses, srcPort: segment.readUInt16BE(0), dstPort: segment.readUInt16BE(2) };
  if (protocol === 17) return { ...ports, protocol: 'udp', payload: segment.subarray(8, segment.readUInt16BE(4)) };
  if (protocol === 6) return { ...ports, protocol: 'tcp', payload: segment.subarray((segment.readUInt8(12) >> 4) * 4) };
  throw new Error(`${where} has IP protocol ${protocol}`);
}

/** One UDP datagram of a capture file, with its source as `ip:port`. */
export interface Datagram {
  timeUs: number;
  src: string;
  dst: string;
  dstPort: number;
  payload: Buffer;
}

/** UDP datagrams sent to one of `ports`, in the order of the file. */
export function readDatagrams(path: string, ports: readonly number[]): Datagram[] {
  return readPcap(path)
    .filter((packet) => packet.protocol === 'udp' && ports.includes(packet.dstPort))
    .map((packet) => ({
      timeUs: packet.timeUs,
      src: `${packet.src}:${packet.srcPort}`,
      dst: `${packet.dst}:${packet.dstPort}`,
      dstPort: packet.dstPort,
      payload: packet.payload,
    }));
}

/** Dotted quad of the four octets at `at`. */
export function dotted(bytes: Buffer, at: number): string {
  return [...bytes.subarray(at, at + 4)].join('.');
}
