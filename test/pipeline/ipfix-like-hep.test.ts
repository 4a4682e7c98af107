import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { message } from '../../src/probe/encode.ts';
import { Border } from '../../src/probe/border.ts';
import { type CapturedMessage, EVERYTHING, readMessages } from '../../src/replay/capture-file.ts';
import { callView, eventView } from '../../src/tracker/views.ts';
import { encodeHep3 } from '../../src/wire/hep/encode.ts';
import { ROOT } from '../support/root.ts';
import { StageProbe } from './ipfix-probe.ts';
import { NOW_US, PipelineStage } from './pipeline-stage.ts';

/** Kamailio in the captures: every message of theirs passes it. */
const PROXY = { ip: '127.0.0.1', port: 5060 };

async function sipOf(name: string): Promise<CapturedMessage[]> {
  const all: CapturedMessage[] = [];
  const uncounted = { frame: () => undefined, skipped: () => undefined };
  const path = join(ROOT, 'fixtures/captures', `${name}.pcap`);
  for await (const found of readMessages(path, EVERYTHING, uncounted)) if (found.kind === 'sip') all.push(found);
  return all;
}

/** All calls at some moment and all events so far, without what says who reported them. */
function pictureOf(stage: PipelineStage, nowUs: number): { calls: object[]; events: object[] } {
  const calls: object[] = [];
  for (let call = stage.tracker.table.newest; call !== undefined; call = call.older) {
    const { agents, hops, ...view } = callView(call, nowUs, stage.tracker.legs.of(call));
    assert.equal(agents.length, 1);
    calls.push({
      ...view,
      hops: hops.map(({ agents: _by, interface: _where, ...hop }) => hop),
    });
  }
  const events: object[] = [];
  for (let index = stage.events.firstIndex; index < stage.events.nextIndex; index++) {
    const { agents, ...view } = eventView(stage.events.at(index)!); // every index between the two is held
    assert.equal(agents.length, 1);
    events.push(view);
  }
  return { calls, events };
}

for (const name of ['kamailio-5.6-siptrace-hep3', 'kamailio-5.6-siptrace-hep3-sip-over-tcp']) {
  test(`${name}: the same SIP as HEP and as IPFIX gives the same calls and events`, async () => {
    const messages = await sipOf(name);
    assert.ok(messages.length > 100, `${messages.length} messages`);
    const byHep = new PipelineStage();
    const byIpfix = new PipelineStage();
    let nowUs = NOW_US;
    const probe = new StageProbe(byIpfix, '192.0.2.50', 36_832, () => nowUs);
    const border = new Border({ place: PROXY, b2bua: false });
    let sent = 0;
    for (const captured of messages) {
      nowUs = captured.timeUs;
      const sighting = border.sight(captured, captured.timeUs);
      if (sighting === undefined) continue;
      sent++;
      const { src, srcPort, dst, dstPort, ipProtocol, bytes: payload } = captured;
      const hep = { src, srcPort, dst, dstPort, ipProtocol, capturedAtUs: nowUs, kind: 1, captureId: 1, payload };
      byHep.pipeline.datagram(encodeHep3(hep), '192.0.2.50', 9060, nowUs);
      probe.send(message([sighting.sip], Math.floor(nowUs / 1e6), sent));
      for (const stage of [byHep, byIpfix]) while (stage.tracker.advance(nowUs, 10_000));
      if (sent % 20 === 0) assert.deepEqual(pictureOf(byIpfix, nowUs), pictureOf(byHep, nowUs), `after ${sent}`);
    }
    assert.ok(sent > 0.9 * messages.length, `${sent} of ${messages.length} passed the proxy`);
    assert.equal(byIpfix.counters.values.at(0), byHep.counters.values.at(0));
    assert.deepEqual(pictureOf(byIpfix, nowUs), pictureOf(byHep, nowUs));
    nowUs += 7_200_000_000;
    for (const stage of [byHep, byIpfix]) while (stage.tracker.advance(nowUs, 10_000));
    const { calls, events } = pictureOf(byIpfix, nowUs);
    assert.deepEqual({ calls, events }, pictureOf(byHep, nowUs));
    assert.equal(calls.length, 0);
    assert.ok(events.length > 20, `${events.length} events`);
  });
}

test('a back-to-back user agent made of a proxy: both legs of every call name each other', async () => {
  const messages = await sipOf('kamailio-5.6-siptrace-hep3');
  const stage = new PipelineStage();
  let nowUs = NOW_US;
  const probe = new StageProbe(stage, '192.0.2.50', 36_832, () => nowUs);
  const border = new Border({ place: PROXY, b2bua: true });
  const joined = new Set<string>();
  let records = 0;
  for (const captured of messages) {
    nowUs = captured.timeUs;
    const sighting = border.sight(captured, nowUs);
    if (sighting === undefined) continue;
    probe.send(message([sighting.sip], 1, 1));
    if (sighting.qos !== undefined) {
      records++;
      probe.send(message([sighting.qos], 1, 1));
    }
    while (stage.tracker.advance(nowUs, 10_000));
    for (let call = stage.tracker.table.newest; call !== undefined; call = call.older) {
      for (const leg of stage.tracker.legs.of(call)) joined.add(`${call.callId} ${leg.callId} ${leg.reason}`);
    }
  }
  const reason = "joined by the SBC's ingress Call-ID";
  const outgoing = [...joined].filter((line) => line.startsWith('b2b-'));
  assert.ok(outgoing.length > 10, `${outgoing.length} calls with two legs`);
  for (const line of outgoing) {
    const [own = '', other = ''] = line.split(' ');
    assert.equal(line, `b2b-${other} ${other} ${reason}`);
    assert.ok(joined.has(`${other} ${own} ${reason}`), `${other} does not name ${own}`);
  }
  assert.ok(records > 5, `${records} calls ended with a quality record`);
});
