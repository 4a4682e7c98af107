/**
 * IP addresses as four signed 32-bit words, so that endpoints are compared and hashed without strings.
 * An IPv4 address is (0, 0, 0xffff, address), its IPv4-mapped form; `family` tells the two apart for display.
 */
export const IPV4_MAPPED = 0xffff;

/** Text of an address held as four words: dotted quad, or RFC 5952 text for IPv6. */
export function formatIp(family: number, w0: number, w1: number, w2: number, w3: number): string {
  if (family === 4) return `${w3 >>> 24}.${(w3 >>> 16) & 255}.${(w3 >>> 8) & 255}.${w3 & 255}`;
  const groups = [w0, w1, w2, w3].flatMap((word) => [word >>> 16, word & 0xffff]);
  // RFC 5952 §4.2: the longest run of two or more zero groups, the first of equals, becomes "::".
  let bestStart = -1;
  let bestLength = 1;
  for (let at = 0; at < 8;) {
    let end = at;
    while (end < 8 && groups[end] === 0) end++;
    if (end - at > bestLength) {
      bestStart = at;
      bestLength = end - at;
    }
    at = end + 1;
  }
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(':');
  if (bestStart < 0) return hex(groups);
  return `${hex(groups.slice(0, bestStart))}::${hex(groups.slice(bestStart + bestLength))}`;
}

/** `ip:port`, with brackets around IPv6. */
export function formatEndpoint(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

export interface IpWords {
  family: 4 | 6;
  words: [number, number, number, number];
}

/** Reads an IPv4 or IPv6 address text (no port, zone ignored), or answers `undefined`. */
export function parseIp(text: string): IpWords | undefined {
  const v4 = parseIpv4(text);
  if (v4 !== undefined) return { family: 4, words: [0, 0, IPV4_MAPPED, v4] };
  if (!text.includes(':')) return undefined;
  const zone = text.indexOf('%');
  let rest = zone < 0 ? text : text.slice(0, zone);
  const lastColon = rest.lastIndexOf(':');
  const tail = rest.slice(lastColon + 1);
  if (tail.includes('.')) {
    const embedded = parseIpv4(tail);
    if (embedded === undefined) return undefined;
    rest = `${rest.slice(0, lastColon + 1)}${(embedded >>> 16).toString(16)}:${(embedded & 0xffff).toString(16)}`;
  }
  const halves = rest.split('::');
  if (halves.length > 2) return undefined;
  const read = (half: string): number[] | undefined => {
    if (half === '') return [];
    const groups = half.split(':');
    return groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))
      ? groups.map((group) => Number.parseInt(group, 16))
      : undefined;
  };
  const head = read(halves[0] ?? '');
  const end = halves.length === 2 ? read(halves[1] ?? '') : [];
  if (head === undefined || end === undefined) return undefined;
  const missing = 8 - head.length - end.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...end];
  const word = (index: number): number => ((groups[index * 2] ?? 0) << 16) | (groups[index * 2 + 1] ?? 0);
  const words: IpWords['words'] = [word(0), word(1), word(2), word(3)];
  const mapped = words[0] === 0 && words[1] === 0 && words[2] === IPV4_MAPPED;
  return { family: mapped ? 4 : 6, words };
}

/** Reads `ip:port`, IPv6 in brackets, or answers `undefined`. */
export function parseEndpoint(text: string): (IpWords & { port: number }) | undefined {
  const [, v6, v4, port] = /^(?:\[([^\]]{2,45})\]|([\d.]{7,15})):(\d{1,5})$/.exec(text) ?? [];
  const ip = parseIp(v6 ?? v4 ?? '');
  return ip === undefined || Number(port) > 65_535 ? undefined : { ...ip, port: Number(port) };
}

/** Whether an address belongs to the host itself: 127.0.0.0/8, also IPv4-mapped, or ::1. */
export function isLoopback(text: string): boolean {
  const ip = parseIp(text);
  if (ip === undefined) return false;
  const [w0, w1, w2, w3] = ip.words;
  return ip.family === 4 ? w3 >>> 24 === 127 : w0 === 0 && w1 === 0 && w2 === 0 && w3 === 1;
}

function parseIpv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  let word = 0;
  for (const part of match.slice(1)) {
    const octet = Number(part);
    if (octet > 255) return undefined;
    word = (word << 8) | octet;
  }
  return word;
}
