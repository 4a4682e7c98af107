/** A file about one thread of this process, for the tools of V8: Chromium opens both kinds. */
export interface DiagnosisView {
  /** `main` or the name of an engine thread. */
  thread: string;
  file: string;
  bytes: number;
  tookMs: number;
}

/** What the engineers of this program ask for when it is slow or large. One thing at a time, for all who ask. */
export interface Diagnosis {
  /** Where files are written, empty = nowhere: nothing can be asked for. */
  readonly directory: string;
  readonly threads: readonly string[];
  /** Looks for some seconds at what a thread is busy with, ten thousand times a second. */
  cpuProfile(thread: string, seconds: number): Promise<DiagnosisView>;
  /** Everything a thread holds. It stands still meanwhile: seconds for each gigabyte. */
  heapSnapshot(thread: string): Promise<DiagnosisView>;
}

/** Another one is being made, or files of earlier ones have to be removed first. */
export class DiagnosisRefused extends Error {
  readonly code = 'DIAGNOSIS_REFUSED';
}

export const MAX_PROFILE_S = 60;
