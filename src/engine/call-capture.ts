import type { CaptureFormatName } from '../model/capture.ts';
import type { KeptMessage, MessageRing } from '../tracker/message-ring.ts';
import { Repeat } from '../tracker/repeats.ts';
import { captureFormat } from '../wire/pcap/capture-writer.ts';
import { commentOn, FrameSynthesis } from '../wire/pcap/synthesis.ts';

/** Octets of messages in one answer; the newest beyond are left out. */
const MAX_OCTETS = 32 << 20;

/** Messages of the ring that belong into a capture file; one reported twice is there once. */
export function keptMessages(ring: MessageRing, positions: readonly number[]): KeptMessage[] {
  const messages: KeptMessage[] = [];
  let octets = 0;
  for (const position of positions) {
    const message = ring.read(position);
    if (message.repeat === Repeat.SEEN_AGAIN) continue;
    octets += message.octets.length;
    if (octets > MAX_OCTETS) break;
    messages.push(message);
  }
  return messages;
}

/** Messages as a capture file, as they could have been on the wire. */
export function callCapture(messages: readonly KeptMessage[], formatName: CaptureFormatName): Buffer {
  const format = captureFormat(formatName);
  const synthesis = new FrameSynthesis();
  const parts = [format.header];
  for (const message of messages) {
    const comment = commentFor(message);
    for (const frame of synthesis.frames(message)) parts.push(format.record(frame, message.trackedAtUs, comment));
  }
  return Buffer.concat(parts);
}

function commentFor(message: KeptMessage): string {
  const remark = commentOn(message);
  const seenBy = `seen by ${message.observers.join(', ')}`;
  return remark === '' ? seenBy : `${remark}; ${seenBy}`;
}
