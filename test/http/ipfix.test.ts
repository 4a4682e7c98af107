import assert from 'node:assert/strict';
import { test } from 'node:test';
import { client } from './client.ts';
import { NOW_US, probe } from './fakes.ts';

/** 2024-02-01 10:00:43 UTC, from the page that describes the list. */
const STARTED_US = 1_706_781_643_000_000;

test('/ipfix/list as text is laid out as in the reference program, newest first', async () => {
  const { get, deps } = client({ clock: () => STARTED_US + 1_000_000 });
  const local = { ip: '192.0.2.10', port: 4739 };
  deps.engine.probes = [
    probe({
      id: 1,
      peer: { ip: '192.0.2.50', port: 36_832 },
      local,
      startedUs: STARTED_US + 428_516,
      lastIoUs: STARTED_US + 428_516,
      timeoutS: 0,
      keepaliveS: 0,
      handshakes: 0,
      protocolVersion: null,
      flags: [],
      requestedKeepaliveS: null,
      systemId: null,
      product: null,
      productVersion: null,
      host: null,
      messages: 0,
      sipSets: 0,
      qosSets: 0,
      sets: [],
      received: 0,
      tracked: 0,
      refused: {},
      ignored: {},
    }),
    probe({ local, startedUs: STARTED_US + 427_996, lastIoUs: STARTED_US + 470_716 }),
  ];
  const { body } = await get('/ipfix/list');
  const expected = [
    'IPFIX connections on 0.0.0.0:4739 (2/2) :',
    '',
    '    0. (0) 192.0.2.50:36832 -> 192.0.2.10:4739   id:    1,  pkts:     0,  sip:     0',
    '       started   : 2024-02-01 10:00:43.428516 +0000 UTC (571ms ago)',
    '       last io   : 2024-02-01 10:00:43.428516 +0000 UTC (571ms ago)',
    '       timeout   : 0s (keepalive : 0s)',
    '       handshake : no 0',
    '       accounts  : received 0 tracked 0 refused: 0 ignored: 0 qos: 0',
    '       per second: 0.5 packets 432 bytes',
    '',
    '    1. (1) 192.0.2.51:36816 -> 192.0.2.10:4739   id:    0,  pkts:     5,  sip:     3',
    '       started   : 2024-02-01 10:00:43.427996 +0000 UTC (572ms ago)',
    '       last io   : 2024-02-01 10:00:43.470716 +0000 UTC (529ms ago)',
    '       timeout   : 60s (keepalive : 30s)',
    '       handshake : no 1',
    '                   protocol ver 1.2 cfg flags 00fc 7731 sys flags 0000 system id: 0',
    '                   keepalive 30s',
    '                   product   0x435a ver 7.3.0',
    '                   host      "ecz730"',
    '       accounts  : received 6 tracked 3 refused: IPFIX_BAD_PACKET=1 ignored: handshake=1,report=1 qos: 1',
    '       per second: 0.5 packets 432 bytes',
    '       set 258   : SIP received over UDP: 3 records 1800 octets malformed: 0 last: 2026-11-21 09:59:58.000000 +0000 UTC',
    '       set 259   : SIP sent over UDP: 0 records 20 octets malformed: IPFIX_SHORT_SET=1 last: 2026-11-21 09:59:30.000000 +0000 UTC',
    '       set 4711  : unknown: 1 records 4 octets malformed: 0 last: 2026-11-21 09:59:30.000000 +0000 UTC',
    '',
    '',
  ];
  assert.deepEqual(body.split('\n'), expected);
});

test('/ipfix/list says that IPFIX is off, in all three forms', async () => {
  const { get, deps } = client();
  deps.engine.probes = [];
  deps.engine.listening = deps.engine.listening.filter(({ name }) => !name.startsWith('ipfix-'));
  assert.equal((await get('/ipfix/list')).body, 'Error: IPFIX disabled (addr: "" port:0)\n');
  const { why, listener } = (await get('/ipfix/list?format=json')).json<{ why: { code: string }[]; listener: null }>();
  assert.deepEqual([why[0]?.code, listener], ['ipfix-off', null]);
  assert.match((await get('/ipfix/list?format=html')).body, /IPFIX is off: set ipfix_port/);
});

test('/ipfix/list asks for 1000 probes unless told otherwise', async () => {
  const { get, deps } = client();
  for (const query of ['', '?n=5&s=2', '?limit=10000']) await get(`/ipfix/list${query}`);
  const asked = deps.engine.asked.filter((question) => (question as string[])[0] === 'listProbes');
  assert.deepEqual(asked, [
    ['listProbes', { offset: 0, limit: 1000 }],
    ['listProbes', { offset: 2, limit: 5 }],
    ['listProbes', { offset: 0, limit: 10_000 }],
  ]);
});

test('/ipfix/list without probes says why, from "nobody came" to "refused"', async () => {
  const { get, deps } = client();
  deps.engine.probes = [];
  const { why } = (await get('/ipfix/list?format=json')).json<{ why: { code: string; text: string }[] }>();
  assert.deepEqual(
    why.map(({ code }) => code),
    ['no-probe', 'check-sbc'],
  );
  assert.equal(why[0]?.text, 'No SBC has connected so far; IPFIX over TCP on 0.0.0.0:4739 waits for one');
});

test('a call shows its legs with the reason, its interface and its quality, and links to the probe', async () => {
  const { get, deps } = client();
  assert.ok(deps.clock() === NOW_US);
  const { body } = await get('/calls/list?format=html');
  assert.match(body, /joined by the SBC(?:'|&#39;)s ingress Call-ID/);
  assert.match(body, /SBC slot 0 port 1 VLAN 100/);
  assert.match(body, /PCMA, /);
  assert.match(body, />93\.2</);
  assert.match(body, />4\.41</);
  assert.match(body, />unknown</);
  assert.match(body, /href="\/ipfix\/list#agent-203\.0\.113\.9:36816\/ipfix"/);
  const text = (await get('/calls/list')).body;
  assert.match(text, /leg: "b-leg@198\.51\.100\.2" joined by the SBC's ingress Call-ID/);
  assert.match(text, /qos: PCMA in 4\.41\/93\.2 lost 3\/1000 out 4\.41\/93\.2 lost 3\/1000/);
});
