import type { DumpSettings } from '../model/settings.ts';

/** What a thread that writes calls to files is started with. */
export interface DumpStart {
  settings: DumpSettings;
  /** Most files it keeps open. */
  openFiles: number;
}

/** Messages to be written: the first `used` octets of `block`, see record.ts. */
export interface DumpWork {
  type: 'write';
  block: ArrayBuffer;
  used: number;
}

/** The last: everything before it is written, then the thread ends. */
export interface DumpEnd {
  type: 'end';
}

export type ToDump = DumpWork | DumpEnd;

/** Work that is done. The block comes back to be filled again. */
export interface FromDump {
  block: ArrayBuffer;
  messages: number;
  /** What to add to which counter. */
  counts: Map<number, number>;
  /** What went wrong first, '' = nothing. */
  problem: string;
}
