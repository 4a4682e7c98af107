import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { REFUSED_BY_FAULT } from '../../src/model/counters.ts';
import { Fault } from '../../src/model/fault.ts';
import { faultsByReason, octetsText, offsetText } from '../../src/http/ingest-health.ts';
import { client } from './client.ts';
import { agent, NOW_US } from './fakes.ts';

const counted = (counts: readonly (readonly [Fault, number])[]): { values: Float64Array; maxima: Float64Array } => {
  const values = new Float64Array(4096);
  for (const [fault, count] of counts) values[REFUSED_BY_FAULT[fault]!] = count; // declared for every fault
  return { values, maxima: values };
};

suite('faultsByReason()', () => {
  test('lists what was refused with whose it was, most frequent first, and the last octets of all senders', () => {
    const at = (ms: number, hex: string): { code: string; atUs: number; hex: string } => ({
      code: 'HEP_BAD_CHUNK',
      atUs: NOW_US + ms * 1000,
      hex,
    });
    const rows = faultsByReason(
      counted([
        [Fault.HEP_BAD_CHUNK, 7],
        [Fault.SIP_BAD_VALUE, 9],
      ]),
      [
        { id: 'a', refused: { HEP_BAD_CHUNK: 2 }, lastFault: at(1, '01') },
        { id: 'b', refused: { HEP_BAD_CHUNK: 5, SIP_BAD_VALUE: 1 }, lastFault: at(2, '02') },
        { id: 'c', refused: {}, lastFault: null },
      ],
    );
    assert.deepEqual(
      rows.map(({ code, messages, senders, last }) => ({ code, messages, senders, last })),
      [
        { code: 'SIP_BAD_VALUE', messages: 9, senders: [{ id: 'b', messages: 1 }], last: null },
        {
          code: 'HEP_BAD_CHUNK',
          messages: 7,
          senders: [
            { id: 'b', messages: 5 },
            { id: 'a', messages: 2 },
          ],
          last: { sender: 'b', atUs: NOW_US + 2000, hex: '02' },
        },
      ],
    );
    assert.match(rows[1]?.description ?? '', /chunk/);
  });

  test('is empty where nothing was refused', () => {
    assert.deepEqual(faultsByReason(counted([]), [agent()]), []);
  });
});

test('a clock offset reads as a duration, to the second from one second on', () => {
  assert.equal(offsetText(-7_667_637), '-2h7m48s');
  assert.equal(offsetText(-7_667_000), '-2h7m47s');
  assert.equal(offsetText(150), '+150ms');
  assert.equal(offsetText(0), '0s');
});

test('octets stand in groups of four, and as text where they are', () => {
  assert.deepEqual(octetsText('484550330008676172'), { hex: '48455033 00086761 72', text: 'HEP3··gar' });
  assert.deepEqual(octetsText(''), { hex: '', text: '' });
});

suite('/hep/list', () => {
  test('says where everything went, which clock is off, who is silent, and what was refused', async () => {
    const { get, deps } = client();
    deps.engine.agents = [
      agent({ clockOffsetMs: -7_667_000, lastSeenUs: NOW_US - 60e6 }),
      agent({ id: 'other', clockOffsetMs: 20, lastSeenUs: NOW_US - 1e6 }),
    ];
    const { body } = await get('/hep/list?format=html');
    assert.match(body, /<strong class="warn"[^>]*>▲ -2h7m47s<\/strong>/);
    assert.match(body, />\+20ms</);
    assert.equal(body.split('silent for').length - 1, 1);
    assert.match(body, /silent for 1m0s/);
    assert.match(body, /<section id="faults">/);
    const json = (await get('/hep/list?format=json')).json<{ flow: { name: string; messages: number }[] }>();
    assert.deepEqual(
      json.flow.map(({ name }) => name),
      ['Received', 'Tracked', 'Refused', 'Ignored', 'Dropped'],
    );
    const [received = 0, ...ways] = json.flow.map(({ messages }) => messages);
    assert.equal(
      received,
      ways.reduce((sum, messages) => sum + messages, 0),
    );
    assert.match((await get('/hep/list')).body, /clock: -2h7m47s/);
  });
});
