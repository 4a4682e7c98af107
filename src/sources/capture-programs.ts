import { fileURLToPath } from 'node:url';
import type { LiveSettings } from '../model/settings.ts';

/** A program that writes the packets of an interface to its standard output as a capture file. */
export interface CaptureProgram {
  /** As `capture_driver` names it. */
  readonly name: string;
  readonly file: string;
  /** Its arguments; the filter is a pcap-filter(7) expression, '' = everything. */
  arguments: (settings: LiveSettings, filter: string) => string[];
  /** Its exit code where it lacks what it needs; a program that is not there counts as that, too. */
  readonly missingCode: number | undefined;
  /** The package to install. */
  readonly package: string;
  /** It says at its end, and on Linux when it gets SIGUSR1, how many packets were lost. */
  readonly countsLosses: boolean;
  /** What it does worse than the others, '' = nothing. */
  readonly weakness: string;
}

/** Its timestamps are the kernel's, and where it was started as root it gives that up. */
export const TCPDUMP: CaptureProgram = {
  name: 'tcpdump',
  file: 'tcpdump',
  /**
   * Every packet is written as soon as the kernel hands it over (`-U`). Not in immediate mode: then the kernel hands over
   * one at a time, and in a burst of 50 000 packets most were dropped, where without it none was and each came within 2 ms.
   */
  arguments({ iface, snaplen, isPromiscuous, bufferKb }, filter) {
    const options = ['-i', iface, '-n', '-U', '-s', String(snaplen), '-w', '-'];
    if (bufferKb > 0) options.push('-B', String(bufferKb));
    if (!isPromiscuous) options.push('-p');
    // Whatever the expression begins with, it is no option.
    return filter === '' ? options : [...options, '--', filter];
  },
  missingCode: undefined,
  package: 'tcpdump',
  countsLosses: true,
  weakness: '',
};

/** Exit code of the program that lacks the package `cap`. */
export const CAP_IS_MISSING = 127;

/**
 * libpcap through the package `cap`, in a process of its own: it cannot be loaded in a worker thread, and a fault of it
 * takes nothing else along.
 *
 * @param entry the program for Node.js
 */
export function capProgram(entry: URL): CaptureProgram {
  return {
    name: 'cap',
    file: process.execPath,
    arguments: ({ iface, snaplen, bufferKb }, filter) => [
      fileURLToPath(entry),
      iface,
      String(snaplen),
      String(bufferKb),
      filter,
    ],
    missingCode: CAP_IS_MISSING,
    package: 'cap for Node.js (libpcap-dev, g++, make and python3, then npm ci)',
    countsLosses: false,
    weakness:
      'packets have the time at which they were read, those that the kernel drops are not counted, the interface is promiscuous, and packets are cut at 65535 octets: tcpdump has none of this',
  };
}
