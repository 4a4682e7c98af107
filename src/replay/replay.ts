import { CaptureFileError, readMessages, type CapturedMessage, type ReadSkip } from './capture-file.ts';
import { freshHep, freshSip, markOf } from './fresh.ts';
import { Pacer } from './pacer.ts';
import type { HepEncoders, ReplaySettings } from './settings.ts';
import type { Target, TargetSkip } from './target.ts';

const SIP_PAYLOAD = 1;
/** Name by which replayed SIP is known among the agents. */
const NODE_NAME = 'sipcol-replay';

export type ReplaySkip = ReadSkip | TargetSkip | 'sip-beside-hep' | 'hep' | 'sip';

/** What one replay did; every message found is sent, failed, or skipped for a reason. */
export class ReplayCounts {
  packetsRead = 0;
  readonly skips = new Map<ReplaySkip, number>();

  frame(): void {
    this.packetsRead++;
  }

  skipped(reason: ReplaySkip): void {
    this.skips.set(reason, (this.skips.get(reason) ?? 0) + 1);
  }
}

export interface ReplayContext {
  target: Target;
  encode: HepEncoders;
  counts: ReplayCounts;
  signal: AbortSignal | undefined;
  nowUs: () => number;
  /** Shown to the user at once. */
  warn: (line: string) => void;
}

export type FilePlan = { path: string; kind: 'hep' | 'sip' };

/**
 * Looks into every file before anything is sent: which kind of message it gives.
 *
 * @throws CaptureFileError when a file cannot be read or has nothing to send
 */
export async function planFiles(settings: ReplaySettings): Promise<FilePlan[]> {
  const plans: FilePlan[] = [];
  for (const path of settings.files) plans.push({ path, kind: await kindOfFile(path, settings) });
  return plans;
}

async function kindOfFile(path: string, settings: ReplaySettings): Promise<'hep' | 'sip'> {
  const { as } = settings;
  const nothing = { frame: () => undefined, skipped: () => undefined };
  let found: 'hep' | 'sip' | undefined;
  try {
    for await (const { kind } of readMessages(path, settings, nothing)) {
      if (kind === as || (as === 'auto' && kind === 'hep')) return kind;
      if (as === 'auto') found = kind;
    }
  } catch (error) {
    // What comes before the cut can be sent; the cut is reported when it is reached.
    if (!(error instanceof CaptureFileError && error.isTruncated)) throw error;
  }
  if (found !== undefined) return found;
  const wanted = as === 'auto' ? 'HEP packet or SIP message' : as === 'hep' ? 'HEP packet' : 'SIP message';
  throw new CaptureFileError(`"${path}": no ${wanted} in it`, false);
}

/** Sends all files, pass after pass, until done or stopped. Throws `CaptureFileError` and `TargetError`. */
export async function replay(
  plans: readonly FilePlan[],
  settings: ReplaySettings,
  context: ReplayContext,
): Promise<void> {
  const pacer = new Pacer(settings.pace, context.signal);
  for (let pass = 0; settings.loop === 0 || pass < settings.loop; pass++) {
    for (const plan of plans) {
      if (context.signal?.aborted === true) return;
      pacer.nextFile();
      await replayFile(plan, settings, context, pacer, settings.fresh ? markOf(pass) : '');
    }
  }
}

async function replayFile(
  plan: FilePlan,
  settings: ReplaySettings,
  context: ReplayContext,
  pacer: Pacer,
  mark: string,
): Promise<void> {
  const { counts, target } = context;
  let shiftUs: number | undefined;
  try {
    for await (const message of readMessages(plan.path, settings, counts)) {
      if (message.kind !== plan.kind) {
        counts.skipped(message.kind === 'hep' ? 'hep' : settings.as === 'auto' ? 'sip-beside-hep' : 'sip');
        continue;
      }
      await pacer.wait(message.timeUs);
      if (context.signal?.aborted === true) return;
      if (settings.now) shiftUs ??= context.nowUs() - message.timeUs;
      const { bytes, timeUs } = message;
      const packet =
        message.kind === 'sip'
          ? encodeSip({ ...message, bytes: freshSip(bytes, mark) }, timeUs + (shiftUs ?? 0), settings, context.encode)
          : settings.fresh
            ? freshHep(bytes, { shiftUs: shiftUs ?? 0, mark })
            : bytes;
      const skip = await target.send(packet);
      if (skip !== undefined) counts.skipped(skip);
    }
  } catch (error) {
    if (!(error instanceof CaptureFileError && error.isTruncated)) throw error;
    context.warn(error.message);
  }
}

function encodeSip(message: CapturedMessage, timeUs: number, settings: ReplaySettings, encode: HepEncoders): Buffer {
  const { ipProtocol, src, srcPort, dst, dstPort } = message;
  return encode[settings.version]({
    ipProtocol,
    src,
    srcPort,
    dst,
    dstPort,
    capturedAtUs: timeUs,
    kind: SIP_PAYLOAD,
    captureId: settings.captureId,
    ...(settings.authKey === undefined ? {} : { authKey: settings.authKey }),
    nodeName: NODE_NAME,
    payload: message.bytes,
  });
}
