import { readFileSync } from 'node:fs';

/** Every SIP message in an Ethernet pcap of IPv4 packets: UDP and TCP payloads, and what HEP datagrams carry. */
export function sipFromPcap(path: string): Buffer[] {
  const file = readFileSync(path);
  const messages: Buffer[] = [];
  for (let at = 24; at + 16 <= file.length;) {
    const length = file.readUInt32LE(at + 8);
    const ip = file.subarray(at + 16 + 14, at + 16 + length);
    at += 16 + length;
    const segment = ip.subarray(4 * (ip.readUInt8(0) & 15), ip.readUInt16BE(2));
    const isUdp = ip.readUInt8(9) === 17;
    const payload = withoutHep(segment.subarray(isUdp ? 8 : 4 * (segment.readUInt8(12) >> 4)));
    const text = payload.toString('latin1');
    if (text.startsWith('SIP/2.0 ') || text.includes(' SIP/2.0\r\n')) messages.push(payload);
  }
  return messages;
}

/** The innermost payload: one of the tools wrapped HEP again that it saw. */
function withoutHep(payload: Buffer): Buffer {
  if (payload.toString('latin1', 0, 4) === 'HEP3') {
    for (let at = 6; at + 6 <= payload.length; at += payload.readUInt16BE(at + 4)) {
      if (payload.readUInt32BE(at) === 0x0000000f) {
        return withoutHep(payload.subarray(at + 6, at + payload.readUInt16BE(at + 4)));
      }
    }
    return Buffer.alloc(0);
  }
  const version = payload[0];
  if (version !== 1 && version !== 2) return payload;
  const header = (payload[2] === 2 ? 16 : 40) + (version === 2 ? 12 : 0);
  const inside = payload.subarray(header);
  return inside.subarray(0, inside.length - (/\0*$/.exec(inside.toString('latin1'))?.[0].length ?? 0));
}
