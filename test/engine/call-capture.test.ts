import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callCapture, keptMessages } from '../../src/engine/call-capture.ts';
import { heldUnder } from '../../src/engine/call-messages.ts';
import { CAPTURE_FORMATS } from '../../src/model/capture.ts';
import { AnyCaptureReader } from '../../src/wire/pcap/capture-reader.ts';
import { CaptureStage, sipMessage } from '../pipeline/capture-stage.ts';
import { frameOf } from '../support/capture-writer.ts';

const START_US = 1_700_000_000_000_000;

/** A call over UDP and one over TCP, as captured. */
function seen(): CaptureStage {
  const stage = new CaptureStage();
  const ends = { src: '192.0.2.1', srcPort: 5060, dst: '192.0.2.2', dstPort: 5070 };
  const invite = sipMessage('u', 10, 'UDP', 'INVITE');
  stage.play(frameOf({ protocol: 'udp', ...ends, payload: invite }), START_US);
  stage.play(frameOf({ protocol: 'udp', ...ends, payload: invite }), START_US + 1000);
  stage.play(frameOf({ protocol: 'udp', ...ends, payload: invite }), START_US + 500_000);
  stage.play(frameOf({ protocol: 'tcp', ...ends, payload: sipMessage('t', 4000) }), START_US + 600_000);
  return stage;
}

for (const format of CAPTURE_FORMATS) {
  test(`messages held of a call are a ${format} file: what was reported twice once, what was sent twice twice`, () => {
    const { tracker } = seen();
    const positions = (callId: string): number[] => heldUnder(tracker, [callId]).map(({ position }) => position);
    const again = new CaptureStage();
    for (const callId of ['u', 't']) {
      const file = callCapture(keptMessages(tracker.messages, positions(callId)), format);
      for (const frame of new AnyCaptureReader().push(file)) again.play(frame.bytes, frame.timeUs);
    }
    assert.deepEqual(again.calls, ['t tcp >OPTIONS', 'u udp >INVITE{1}']);
    assert.equal(again.tracked, 3);
    const comment = callCapture(keptMessages(tracker.messages, positions('u')), format).includes(
      'seen by file:test.pcap',
    );
    assert.equal(comment, format === 'pcapng');
    assert.deepEqual(
      new AnyCaptureReader().push(callCapture(keptMessages(tracker.messages, positions('unknown')), format)),
      [],
    );
  });
}
