import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CallMessageView } from '../../src/model/views.ts';
import { startCollector } from '../support/collector.ts';
import { readHep } from '../support/hep-envelope.ts';
import { replay, sendingsOf, UdpAgent } from '../support/hep-sender.ts';
import { readDatagrams } from '../support/pcap.ts';
import { ROOT } from '../support/root.ts';
import { readExpected } from './expected.ts';

const CAPTURE = 'kamailio-5.6-siptrace-hep3';
const expected = readExpected(CAPTURE);
const packets = readDatagrams(join(ROOT, 'fixtures', 'captures', `${CAPTURE}.pcap`), [expected.hepPort]);

test('the page of a call shows the messages of the capture, in order, octet for octet', async () => {
  const collector = await startCollector();
  const agent = await UdpAgent.open();
  try {
    await replay(sendingsOf(packets, agent), [collector]);
    const calls = expected.calls.filter(({ method }) => method === 'INVITE');
    const answered = calls.find(({ events }) => events.atOnce.some((text) => text.startsWith('call-end')));
    const cancelled = calls.find(({ state }) => state === 'inv_canceled');
    assert.ok(answered !== undefined && cancelled !== undefined);
    for (const { callId } of [answered, cancelled]) {
      const captured = packets
        .map(({ payload }) => readHep(payload))
        .filter(({ payload }) => payload.toString('latin1').includes(`\r\nCall-ID: ${callId}\r\n`))
        .map(({ src, dst, transport, payload }) => ({ src, dst, transport, raw: payload.toString('latin1') }));
      assert.ok(captured.length > 5, `${captured.length} messages of ${callId}`);
      // oxlint-disable-next-line no-await-in-loop -- one page after the other
      const page = await collector.json<{ messages: CallMessageView[]; missing: string[]; gone: number }>(
        `/call/${encodeURIComponent(callId)}`,
      );
      const shown = page.messages.map(({ src, dst, transport, raw }) => ({
        src: `${src.ip}:${src.port}`,
        dst: `${dst.ip}:${dst.port}`,
        transport,
        raw,
      }));
      assert.deepEqual(shown, captured);
      assert.deepEqual([page.missing, page.gone], [[], 0]);
    }
  } finally {
    agent.close();
    await collector.stop();
  }
});

test('with keep_messages=2 the page shows the last two messages and says how many are gone; with 0 that none are kept', async () => {
  const [two, none] = await Promise.all([
    startCollector({ keep_messages: '2' }),
    startCollector({ keep_messages: '0' }),
  ]);
  const agent = await UdpAgent.open();
  try {
    const first = expected.calls.find(({ state }) => state === 'inv_canceled');
    assert.ok(first !== undefined);
    const own = packets.filter(({ payload }) => payload.toString('latin1').includes(`Call-ID: ${first.callId}\r\n`));
    await replay(sendingsOf(own, agent), [two, none]);
    type Answer = { messages: CallMessageView[]; gone: number; keeps: boolean };
    const path = `/call/${encodeURIComponent(first.callId)}`;
    const kept = await two.json<Answer>(path);
    assert.deepEqual([kept.messages.length, kept.gone, kept.keeps], [2, own.length - 2, true]);
    const off = await none.json<Answer>(path);
    assert.deepEqual([off.messages.length, off.gone, off.keeps], [0, 0, false]);
  } finally {
    agent.close();
    await Promise.all([two.stop(), none.stop()]);
  }
});
