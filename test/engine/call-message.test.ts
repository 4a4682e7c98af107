import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { callMessage } from '../../src/engine/call-messages.ts';
import type { MessageDetail } from '../../src/model/views.ts';
import { encodeHep3 } from '../../src/wire/hep/encode.ts';
import { StageProbe } from '../pipeline/ipfix-probe.ts';
import { NOW_US, PipelineStage } from '../pipeline/pipeline-stage.ts';
import { chunksWith, hep3 } from '../wire/hep/support.ts';

const SIP = [
  'OPTIONS sip:b@192.0.2.20 SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK1',
  'From: <sip:a@192.0.2.10>;tag=1',
  'To: <sip:b@192.0.2.20>',
  'Call-ID: c1',
  'CSeq: 1 OPTIONS',
  'Content-Length: 2',
  '',
  '\xff!',
].join('\r\n');

function only(stage: PipelineStage, callId = 'c1'): MessageDetail {
  const [position = 0, ...more] = stage.tracker.messagesOf(callId);
  assert.deepEqual(more, []);
  const detail = callMessage(stage.tracker, callId, position);
  assert.ok(detail !== undefined);
  return detail;
}

/** `name: value` of the fields that are asked for. */
function values({ envelope }: MessageDetail, ...names: string[]): string[] {
  const fields = envelope?.fields ?? [];
  return fields.filter(({ name }) => names.includes(name)).map(({ name, value }) => `${name}: ${value}`);
}

function sent(datagram: Buffer): PipelineStage {
  const stage = new PipelineStage();
  stage.pipeline.datagram(datagram, '192.0.2.50', 9, NOW_US);
  return stage;
}

const hexOf = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
const payloadChunk = (octets: string): string =>
  `0000 000f ${(octets.length / 2 + 6).toString(16).padStart(4, '0')} ${octets}`;

test('a message is had with its octets and with what it came in', () => {
  const datagram = hep3('0000 000e 000b 736573616d', ...chunksWith({ payload: payloadChunk(hexOf(SIP)) }));
  const detail = only(sent(datagram));
  assert.equal(detail.octets, SIP);
  assert.equal(detail.message.callId, 'c1');
  assert.equal(detail.envelope?.protocol, 'HEP3');
  assert.deepEqual(values(detail, 'authentication key', 'capture agent id', 'payload'), [
    'authentication key: not shown',
    'capture agent id: 2001',
    'payload: ',
  ]);
});

test('an inflated message has the envelope it came in', () => {
  const { octets, envelope } = only(
    sent(
      encodeHep3({
        src: '192.0.2.10',
        dst: '192.0.2.20',
        srcPort: 5060,
        dstPort: 5060,
        ipProtocol: 17,
        capturedAtUs: NOW_US,
        kind: 1,
        captureId: 7,
        payload: Buffer.alloc(0),
        nodeName: 'edge',
        compressedPayload: deflateSync(Buffer.from(SIP, 'latin1')),
      }),
    ),
  );
  assert.equal(octets, SIP);
  assert.deepEqual(
    [envelope?.isCut, envelope?.fields.find(({ name }) => name === 'agent name')?.value],
    [false, 'edge'],
  );
  assert.equal(envelope?.fields.find(({ name }) => name === 'compressed payload')?.value, '');
});

test('a message unwrapped from JSON has the envelope it came in', () => {
  const wrapped = JSON.stringify({ payload: SIP.replace('\xff', '?') });
  const detail = only(sent(hep3(...chunksWith({ payload: payloadChunk(hexOf(wrapped)) }))));
  assert.deepEqual(values(detail, 'source port', 'payload'), ['source port: 5060', 'payload: ']);
  assert.equal(detail.envelope?.fields.find(({ name }) => name === 'payload')?.length, wrapped.length);
});

/** A record of an SBC around a message: 16 octets of the IPFIX message, 4 of the set. */
function record(id: number, head: string, message: Buffer): Buffer {
  const fields = Buffer.from(head.replaceAll(' ', ''), 'hex');
  const length = Buffer.from([0xff, message.length >> 8, message.length & 0xff]);
  const set = Buffer.concat([Buffer.alloc(4), fields, length, message]);
  set.writeUInt16BE(id, 0);
  set.writeUInt16BE(set.length, 2);
  const header = Buffer.alloc(16);
  header.writeUInt16BE(10, 0);
  header.writeUInt16BE(16 + set.length, 2);
  return Buffer.concat([header, set]);
}

function ofSbc(bytes: Buffer): MessageDetail {
  const stage = new PipelineStage();
  new StageProbe(stage).send(bytes);
  return only(stage);
}

const SEEN = '6553f100 0001e240 02 01 0064';

test('the fields of an SBC’s record over TCP are told, with the Call-ID of the other leg', () => {
  const ports = 'c6336402 c0000201 13c4 9c40 00000007';
  const { envelope } = ofSbc(record(261, `${SEEN} ${ports} 03 784031`, Buffer.from(SIP, 'latin1')));
  assert.equal(envelope?.protocol, 'IPFIX');
  const set = 4 + 12 + 16 + 4 + 3 + SIP.length;
  assert.deepEqual(
    envelope.fields.map(({ name, length, value }) => `${name} (${length}): ${value}`),
    [
      'set id (2): 261 (SIP over TCP, sent)',
      `set length (2): ${set}`,
      'seconds since 1970 (4): 1700000000',
      'microseconds (4): 123456',
      'slot (1): 2',
      'port of the slot (1): 1',
      'VLAN (2): 100',
      'destination address (4): 198.51.100.2',
      'source address (4): 192.0.2.1',
      'destination port (2): 5060',
      'source port (2): 40000',
      'context id (4): 7',
      'length of the Call-ID (1): 3',
      'Call-ID of the leg it was received on (3): x@1',
      `length of the message (3): ${SIP.length}`,
    ],
  );
  assert.equal(envelope.isCut, false);
});

test('the heads of IP and UDP in an SBC’s record are told', () => {
  const udp = `13c4 13c6 ${(8 + SIP.length).toString(16).padStart(4, '0')} 465d`;
  const ip = `4500 ${(28 + SIP.length).toString(16).padStart(4, '0')} 0001 4000 40 11 8e80 c0000201 c6336402`;
  const datagram = Buffer.concat([Buffer.from(`${ip}${udp}`.replaceAll(' ', ''), 'hex'), Buffer.from(SIP, 'latin1')]);
  const detail = ofSbc(record(258, SEEN, datagram));
  const told = detail.envelope?.fields.slice(7).map(({ name, value }) => `${name}: ${value}`);
  assert.deepEqual(told, [
    `length of the IP packet: ${datagram.length}`,
    'IP version and words of the header: 4, 5',
    'IP type of service: 00',
    `IP total length: ${datagram.length}`,
    'IP identification: 0001',
    'IP flags and fragment offset: 4000',
    'IP time to live: 64',
    'IP protocol: 17',
    'IP checksum: 8e80',
    'source address: 192.0.2.1',
    'destination address: 198.51.100.2',
    'source port: 5060',
    'destination port: 5062',
    `UDP length: ${8 + SIP.length}`,
    'UDP checksum: 465d',
  ]);
});

test('a number that is no message of the call finds none', () => {
  const stage = sent(hep3(...chunksWith({ payload: payloadChunk(hexOf(SIP)) })));
  const [position = 0] = stage.tracker.messagesOf('c1');
  for (const id of [0, position - 8, position + 8, position + 1, -1, 0.5, Number.MAX_SAFE_INTEGER]) {
    assert.equal(callMessage(stage.tracker, 'c1', id), undefined, String(id));
  }
  assert.equal(callMessage(stage.tracker, 'c2', position), undefined);
});
