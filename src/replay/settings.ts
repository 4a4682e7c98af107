import type { HepMessage } from '../wire/hep/encode.ts';
import type { ReadSettings } from './capture-file.ts';

export type HepVersion = 1 | 2 | 3;

/** One encoder per HEP version. */
export type HepEncoders = Readonly<Record<HepVersion, (message: HepMessage) => Buffer>>;

export interface TargetSettings {
  protocol: 'udp' | 'tcp';
  host: string;
  port: number;
}

/** How fast to send: as recorded (times a factor), or so many packets each second (0 = as fast as possible). */
export type Pace = { kind: 'recorded'; speed: number } | { kind: 'rate'; perSecond: number };

export interface ReplaySettings extends ReadSettings {
  files: readonly string[];
  target: TargetSettings;
  pace: Pace;
  as: 'auto' | 'hep' | 'sip';
  version: HepVersion;
  captureId: number;
  authKey: string | undefined;
  /** Passes over all files, 0 = until stopped. */
  loop: number;
  /** Plain SIP gets times that begin now instead of those recorded. */
  now: boolean;
  /** HEP gets such times, too, and the calls of each pass after the first are others. */
  fresh: boolean;
}
