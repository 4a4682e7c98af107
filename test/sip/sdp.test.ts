import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as assertProperty, property, string } from 'fast-check';
import { sdpSummary } from '../../src/sip/sdp.ts';

const sdp = (...lines: string[]): string => ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', ...lines, ''].join('\r\n');

const cases: [string, string, ReturnType<typeof sdpSummary>][] = [
  [
    'the address of the session counts for its media',
    sdp('c=IN IP4 192.0.2.1', 't=0 0', 'm=audio 4000 RTP/AVP 96 8', 'a=rtpmap:8 PCMA/8000', 'a=rtpmap:96 opus/48000/2'),
    { media: 'audio', address: '192.0.2.1', port: 4000, codec: 'opus', direction: 'sendrecv' },
  ],
  [
    'the address and direction of the media win, and only the first media counts',
    sdp(
      'c=IN IP4 192.0.2.1',
      'a=sendrecv',
      'm=audio 4000 RTP/AVP 8',
      'c=IN IP6 2001:db8::1',
      'a=sendonly',
      'm=video 5000 RTP/AVP 31',
      'c=IN IP4 192.0.2.9',
    ),
    { media: 'audio', address: '2001:db8::1', port: 4000, codec: 'PCMA', direction: 'sendonly' },
  ],
  [
    'a payload type nobody names keeps its number, and port 0 stays',
    sdp('c=IN IP4 224.2.1.1/127', 'm=audio 0/2 RTP/AVP 77'),
    { media: 'audio', address: '224.2.1.1', port: 0, codec: '77', direction: 'sendrecv' },
  ],
  [
    'a description among parts of a body is found',
    `--x\r\nContent-Type: application/sdp\r\n\r\n${sdp('c=IN IP4 192.0.2.1', 'm=audio 4000 RTP/AVP 0')}--x--\r\n`,
    { media: 'audio', address: '192.0.2.1', port: 4000, codec: 'PCMU', direction: 'sendrecv' },
  ],
  ['a description without media is none', sdp('c=IN IP4 192.0.2.1'), undefined],
  ['a body that is no description is none', 'm=audio 4000 RTP/AVP 0', undefined],
];
for (const [name, body, expected] of cases) {
  test(name, () => assert.deepEqual(sdpSummary(body), expected));
}

test('no body makes it throw', () => {
  assertProperty(
    property(string(), (text) => {
      const summary = sdpSummary(`v=0\nm=${text}\nc=${text}\na=rtpmap:${text}`);
      assert.ok(summary === undefined || (summary.port >= 0 && summary.port <= 65_535));
    }),
  );
});
