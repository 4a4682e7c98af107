import type { HepMessage } from '../wire/hep/encode.ts';

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

export interface ReplaySettings {
  files: readonly string[];
  target: TargetSettings;
  pace: Pace;
  /** UDP ports whose datagrams are HEP whatever is in them; undefined = HEP is recognised by its content. */
  hepPorts: ReadonlySet<number> | undefined;
  as: 'auto' | 'hep' | 'sip';
  version: HepVersion;
  captureId: number;
  authKey: string | undefined;
  /** Passes over all files, 0 = until stopped. */
  loop: number;
  /** Plain SIP gets times that begin now instead of those recorded. */
  now: boolean;
}
