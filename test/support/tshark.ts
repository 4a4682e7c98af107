import { execFileSync } from 'node:child_process';
import { find } from '../interop/tools.ts';

const CHECKED = ['ip.check_checksum', 'udp.check_checksum', 'tcp.check_checksum'].flatMap((name) => [
  '-o',
  `${name}:TRUE`,
]);

function tshark(path: string, ...options: string[]): string[] {
  const program = find('tshark') ?? 'tshark';
  const text = execFileSync(program, ['-r', path, ...CHECKED, '-o', 'sctp.checksum:CRC-32C', ...options], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 << 20,
  });
  return text.split('\n').filter((line) => line !== '');
}

/** What tshark finds wrong below SIP: malformed packets, wrong checksums, sequence numbers that do not follow. */
export function remarks(path: string): string[] {
  const wrong = ['ip', 'udp', 'tcp', 'sctp'].map((protocol) => `${protocol}.checksum.status == "Bad"`);
  return tshark(path, '-Y', ['_ws.malformed', 'tcp.analysis.flags', '_ws.short', ...wrong].join(' || '));
}

/** How many checksums of a protocol it found right. */
export function goodChecksums(path: string, protocol: 'ip' | 'udp' | 'tcp' | 'sctp'): number {
  return tshark(path, '-Y', `${protocol}.checksum.status == "Good"`).length;
}

/** Fields of the packets in which it finds SIP, one line each. */
export function sipFields(path: string, ...fields: string[]): string[] {
  return tshark(path, '-Y', 'sip', '-T', 'fields', ...fields.flatMap((field) => ['-e', field]));
}
