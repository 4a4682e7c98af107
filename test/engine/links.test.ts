import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listLinks } from '../../src/engine/link-query.ts';
import { linksText } from '../../src/http/text/links.ts';
import { Ingest, Links } from '../../src/model/counters.ts';
import { EngineRequestError, type LinkPage, type LinkQuery } from '../../src/model/engine.ts';
import { encodeHep3 } from '../../src/wire/hep/encode.ts';
import { NOW_US, PipelineStage } from '../pipeline/pipeline-stage.ts';

const SLICING = { nowMs: () => performance.now(), pause: () => Promise.resolve() };
const ALL: LinkQuery = {
  offset: 0,
  limit: 100,
  hosts: [],
  excludedHosts: [],
  types: [],
  greedy: true,
  depth: 4,
  order: 'name',
};

let branch = 0;

/** `10.0.0.9:40000>10.0.0.1:5060 UDP INVITE`, a reply with the method of its CSeq: `200/INVITE`, `+` = with a To tag. */
function send(stage: PipelineStage, line: string): void {
  const [link = '', transport = '', what = ''] = line.split(' ');
  const [src = '', srcPort = '', dst = '', dstPort = ''] = link.split(/[:>]/);
  const tagged = what.endsWith('+');
  const [head = '', replied] = what.replace('+', '').split('/');
  const method = replied ?? head;
  const text = [
    replied === undefined ? `${head} sip:b@example.com SIP/2.0` : `SIP/2.0 ${head} Reason`,
    `Via: SIP/2.0/${transport} ${src}:${srcPort};branch=z9hG4bK${branch++}`,
    'From: <sip:a@example.com>;tag=f',
    `To: <sip:b@example.com>${tagged ? ';tag=t' : ''}`,
    'Call-ID: c',
    `CSeq: 1 ${method}`,
    'Content-Length: 0',
  ];
  const packet = encodeHep3({
    src,
    srcPort: Number(srcPort),
    dst,
    dstPort: Number(dstPort),
    ipProtocol: { UDP: 17, TCP: 6, TLS: 22 }[transport] ?? 17,
    kind: 1,
    captureId: 1,
    capturedAtUs: NOW_US,
    payload: Buffer.from(`${text.join('\r\n')}\r\n\r\n`, 'latin1'),
  });
  stage.pipeline.datagram(packet, '192.0.2.9', 9060, NOW_US);
}

const ask = (stage: PipelineStage, query: Partial<LinkQuery> = {}): Promise<LinkPage> =>
  listLinks(stage.links, { ...ALL, ...query }, SLICING);

/** The worked example of sipcounter's rules: three links, nine messages. */
function golden(): PipelineStage {
  const stage = new PipelineStage();
  for (const line of [
    '10.0.0.9:40000>10.0.0.1:5060 UDP INVITE',
    '10.0.0.1:5060>10.0.0.9:40000 UDP 100/INVITE',
    '10.0.0.1:5060>10.0.0.9:40000 UDP 180/INVITE',
    '10.0.0.1:5060>10.0.0.9:40000 UDP 200/INVITE',
    '10.0.0.9:40000>10.0.0.1:5060 UDP ACK+',
    '10.0.0.9:40001>10.0.0.1:5060 UDP INVITE+',
    '10.0.0.1:5060>10.0.0.9:40001 UDP 491/INVITE+',
    '10.0.0.7:5061>10.0.0.1:5061 TLS OPTIONS',
    '10.0.0.2:5090>10.0.0.1:5080 TCP KDMQ',
  ]) {
    send(stage, line);
  }
  return stage;
}

// Given with the rules, made by sipcounter itself.
const TABLE = `edge                          INVITE   ReINVITE    ACK     OPTIONS     KDMQ      100       180       200       491    TOTAL
2026-01-01 00:00:00         ---> <--- ---> <--- ---> <--- ---> <--- ---> <--- ---> <--- ---> <--- ---> <--- ---> <---
10.0.0.1-TCP-5080-10.0.0.2     0    0    0    0    0    0    0    0    0    1    0    0    0    0    0    0    0    0     1
10.0.0.1-TLS-5061-10.0.0.7     0    0    0    0    0    0    0    1    0    0    0    0    0    0    0    0    0    0     1
10.0.0.1-UDP-5060-10.0.0.9     0    1    0    1    0    1    0    0    0    0    1    0    1    0    1    0    1    0     7
SUMMARY                        0    1    0    1    0    1    0    1    0    1    1    0    1    0    1    0    1    0     9
`;

test('the table is, octet for octet, the one sipcounter makes of the same messages', async () => {
  assert.equal(linksText(await ask(golden()), 'edge', '2026-01-01 00:00:00', []), TABLE);
});

const MASKS: { types: string[]; greedy: boolean; kept: string[] }[] = [
  { types: ['INVITE'], greedy: true, kept: ['INVITE', 'ReINVITE', '100', '180', '200', '491'] },
  { types: ['4'], greedy: true, kept: ['491'] },
  { types: ['INVITE', '4'], greedy: true, kept: ['INVITE', 'ReINVITE', '491'] },
  { types: ['INVITE'], greedy: false, kept: ['INVITE', 'ReINVITE'] },
  { types: ['ReINVITE'], greedy: true, kept: [] },
  {
    types: [],
    greedy: false,
    kept: ['INVITE', 'ReINVITE', 'ACK', 'OPTIONS', 'KDMQ', '100', '180', '200', '491'],
  },
  { types: ['KDMQ'], greedy: true, kept: ['KDMQ'] },
];

for (const { types, greedy, kept } of MASKS) {
  test(`the ${greedy ? 'greedy' : 'not greedy'} filter [${types.join()}] keeps ${kept.join(' ') || 'nothing'}`, async () => {
    const page = await ask(golden(), { types, greedy });
    assert.deepEqual(
      page.summary.map(({ type }) => type),
      kept,
    );
  });
}

test('hosts are chosen and left out by address, as either end', async () => {
  const clients = async (query: Partial<LinkQuery>): Promise<(string | null)[]> =>
    (await ask(golden(), query)).items.map(({ client }) => client);
  assert.deepEqual(await clients({ hosts: ['10.0.0.9', '10.0.0.7'] }), ['10.0.0.7', '10.0.0.9']);
  assert.deepEqual(await clients({ hosts: ['10.0.0.1'], excludedHosts: ['10.0.0.9'] }), ['10.0.0.2', '10.0.0.7']);
  await assert.rejects(ask(golden(), { hosts: ['example.com'] }), EngineRequestError);
});

test('the depth decides what is told apart, the order what comes first', async () => {
  const stage = golden();
  const depth1 = await ask(stage, { depth: 1 });
  assert.deepEqual(
    depth1.items.map(({ server, client, transport, serverPort, total }) => [
      server,
      client,
      transport,
      serverPort,
      total,
    ]),
    [['10.0.0.1', null, null, null, 9]],
  );
  const busiest = await ask(stage, { depth: 2, order: 'busiest' });
  assert.deepEqual(
    busiest.items.map(({ client, total }) => [client, total]),
    [
      ['10.0.0.9', 7],
      ['10.0.0.2', 1],
      ['10.0.0.7', 1],
    ],
  );
  assert.deepEqual(
    (await ask(stage, { offset: 1, limit: 1 })).items.map(({ client }) => client),
    ['10.0.0.7'],
  );
  await assert.rejects(ask(stage, { depth: 5 }), EngineRequestError);
});

const DIRECTIONS: { line: string; options?: string[]; shown: string }[] = [
  { line: '10.0.0.2:40000>10.0.0.1:5060 UDP INVITE', shown: '10.0.0.1-UDP-5060-10.0.0.2 in' },
  { line: '10.0.0.2:5060>10.0.0.1:40000 UDP INVITE', shown: '10.0.0.2-UDP-5060-10.0.0.1 out' },
  // Both ports are known: the destination is the server.
  { line: '10.0.0.2:5061>10.0.0.1:5060 UDP INVITE', shown: '10.0.0.1-UDP-5060-10.0.0.2 in' },
  // No port is known: the higher one is the client's, the source's where both are equal.
  { line: '10.0.0.2:7000>10.0.0.1:6000 UDP INVITE', shown: '10.0.0.1-UDP-6000-10.0.0.2 in' },
  { line: '10.0.0.2:6000>10.0.0.1:7000 UDP INVITE', shown: '10.0.0.2-UDP-6000-10.0.0.1 out' },
  { line: '10.0.0.2:6000>10.0.0.1:6000 UDP INVITE', shown: '10.0.0.1-UDP-6000-10.0.0.2 in' },
  { line: '10.0.0.2:0>10.0.0.1:5060 UDP INVITE', shown: '10.0.0.1-UDP-5060-10.0.0.2 unknown' },
  {
    line: '10.0.0.2:40000>10.0.0.1:5060 UDP INVITE',
    options: ['--links_servers=10.0.0.2'],
    shown: '10.0.0.2-UDP-40000-10.0.0.1 out',
  },
  {
    line: '10.0.0.2:5060>10.0.0.1:40000 UDP INVITE',
    options: ['--links_servers=10.0.0.1/32'],
    shown: '10.0.0.1-UDP-40000-10.0.0.2 in',
  },
  {
    line: '10.0.0.2:5060>10.0.0.1:7000 UDP INVITE',
    options: ['--links_servers=10.9.9.9', '--links_ports=7000'],
    shown: '10.0.0.1-UDP-7000-10.0.0.2 in',
  },
];

for (const { line, options = [], shown } of DIRECTIONS) {
  test(`${line} ${options.join(' ')} is ${shown}`, async () => {
    const stage = new PipelineStage(...options);
    send(stage, line);
    const [item] = (await ask(stage)).items;
    assert.ok(item !== undefined);
    const { server, transport, serverPort, client, counts } = item;
    const way = (['out', 'in', 'unknown'] as const).find((each) => (counts[0]?.[each] ?? 0) > 0);
    assert.equal(`${server}-${transport?.toUpperCase()}-${serverPort}-${client} ${way}`, shown);
  });
}

test('at links_max further links are left out and counted, and so nothing is lost unnoticed', async () => {
  const stage = new PipelineStage('--links_max=3');
  for (let host = 1; host <= 10; host++) send(stage, `10.0.1.${host}:40000>10.0.0.1:5060 UDP OPTIONS`);
  send(stage, '10.0.1.1:40000>10.0.0.1:5060 UDP OPTIONS');
  assert.equal(stage.counters.get(Links.ACTIVE), 3);
  assert.equal(stage.counters.get(Links.LEFT_OUT), 7);
  assert.equal(stage.counters.get(Links.COUNTED), 4);
  assert.equal(stage.counters.get(Ingest.TRACKED), 11);
  const off = new PipelineStage('--links_max=0');
  send(off, '10.0.1.1:40000>10.0.0.1:5060 UDP OPTIONS');
  assert.equal(off.links.size, 0);
});

test('thousands of links and hundreds of method names are all counted, within the bounds', async () => {
  const stage = new PipelineStage('--links_max=5000');
  for (let n = 0; n < 3000; n++) send(stage, `10.1.${n >> 8}.${n & 255}:40000>10.0.0.1:5060 UDP X${n % 200}`);
  assert.equal(stage.links.size, 3000);
  assert.equal(stage.counters.get(Links.COUNTED), 3000);
  assert.ok(stage.links.names.length < 64);
  const page = await ask(stage, { depth: 1 });
  assert.equal(page.items[0]?.total, 3000);
  assert.ok(page.summary.some(({ type, in: into }) => type === 'OTHER' && into > 2000));
});
