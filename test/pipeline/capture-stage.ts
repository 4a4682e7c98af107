import type { CapturedFrame } from '../../src/model/capture.ts';
import { Ingest as IngestCounters } from '../../src/model/counters.ts';
import { CapturePipeline } from '../../src/pipeline/capture.ts';
import { Ingest } from '../../src/pipeline/ingest.ts';
import { callView } from '../../src/tracker/views.ts';
import { PipelineStage } from './pipeline-stage.ts';

export const START_US = 1_700_000_000_000_000;

/** The pipeline of capture files as an engine has it, with the tracker behind it. */
export class CaptureStage extends PipelineStage {
  readonly capture: CapturePipeline;

  constructor(...argv: string[]) {
    super(...(argv.some((given) => given.startsWith('--iface=')) ? [] : ['--pcap=-']), ...argv);
    const { capture } = this.settings;
    if (capture === undefined) throw new Error('no capture settings');
    const ingest = new Ingest(this.settings, this.tracker, this.links, this.events, this.counters, () => undefined);
    this.capture = new CapturePipeline(
      { ...this.settings, capture },
      ingest,
      this.pipeline,
      this.counters,
      undefined,
      (nowUs) => {
        while (this.tracker.advance(nowUs, 1000));
      },
    );
    this.capture.begin('file:test.pcap');
  }

  play(frame: Buffer, timeUs = START_US, linkType = 1): void {
    const captured: CapturedFrame = { linkType, timeUs, wireLength: frame.length, bytes: frame };
    this.capture.frame(captured);
  }

  get tracked(): number {
    return this.counters.get(IngestCounters.TRACKED);
  }

  /** Calls as `Call-ID transport trace`, in order of Call-ID. */
  get calls(): string[] {
    const found: string[] = [];
    for (let call = this.tracker.table.newest; call !== undefined; call = call.older) {
      const { callId, transport, messageTrace } = callView(call, START_US);
      found.push(`${callId} ${transport} ${messageTrace}`);
    }
    return found.toSorted();
  }
}

/** A request of a call of its own, with a body of so many octets and its length in front. */
export function sipMessage(callId: string, bodyOctets = 0, transport = 'TCP', method = 'OPTIONS'): Buffer {
  const body = 'x'.repeat(bodyOctets);
  return Buffer.from(
    `${method} sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/${transport} 192.0.2.1;branch=z9hG4bK${callId}\r\n` +
      `From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\nCall-ID: ${callId}\r\nCSeq: 1 ${method}\r\n` +
      `Content-Length: ${bodyOctets}\r\n\r\n${body}`,
    'latin1',
  );
}
