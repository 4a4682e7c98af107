import type { ReadCounter } from '../model/counters-text.ts';
import { Pcap } from '../model/counters.ts';

const INTERVAL_MS = 500;
const MEGABYTE = 2 ** 20;

/** One line on a terminal, written over again and again while capture files are played; nothing elsewhere. */
export function showCaptureProgress(to: NodeJS.WriteStream, read: ReadCounter): { stop(): void } {
  if (!to.isTTY) return { stop: () => undefined };
  let before = 0;
  const timer = setInterval(() => {
    const packets = read(Pcap.PACKETS);
    const size = read(Pcap.SIZE);
    const octets = read(Pcap.READ);
    const percent = size > 0 ? ` ${Math.floor((octets / size) * 100)} %,` : '';
    const rate = Math.round(((packets - before) * 1000) / INTERVAL_MS);
    before = packets;
    to.write(`\r\u001B[Kpcap:${percent} ${packets} packets, ${(octets / MEGABYTE).toFixed(1)} MiB, ${rate}/s`);
  }, INTERVAL_MS);
  let isShown = true;
  return {
    stop: () => {
      if (!isShown) return;
      isShown = false;
      clearInterval(timer);
      to.write('\r\u001B[K');
    },
  };
}
