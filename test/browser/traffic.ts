import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { encodeHep3, type HepMessage } from '../../src/wire/hep/encode.ts';
import { readExpected } from '../captures/expected.ts';
import type { Collector } from '../support/collector.ts';
import { replay, sendingsOf, UdpAgent } from '../support/hep-sender.ts';
import { readDatagrams } from '../support/pcap.ts';
import { type Program, start, until } from '../support/process.ts';
import { ROOT } from '../support/root.ts';
import { readMessage, readScenarios, type ScenarioMessage } from '../tracker/scenario.ts';

const CLI = process.env['SIPCOL_CLI'] ?? join(ROOT, '.build/src/cli.js');
const CAPTURE = 'kamailio-5.6-siptrace-hep3';
export const expected = readExpected(CAPTURE);
const FILE = join(ROOT, 'fixtures/captures', `${CAPTURE}.pcap`);

const FOLDER = join(ROOT, 'fixtures/scenarios');
const SCENARIOS = readdirSync(FOLDER).flatMap((name) => readScenarios(readFileSync(join(FOLDER, name), 'utf8')));

/** Plays recorded calls of a proxy, so that pages have something to show. */
export async function playCapture(collector: Collector): Promise<void> {
  const agent = await UdpAgent.open();
  try {
    await replay(sendingsOf(readDatagrams(FILE, [expected.hepPort]), agent), [collector]);
  } finally {
    agent.close();
  }
}

/** An SBC of that name that exports the same calls and stays connected. */
export async function playProbe(collector: Collector, name = 'sbc'): Promise<Program> {
  const options = [
    `--to=127.0.0.1:${collector.ipfix}`,
    `--pcap=${FILE}`,
    '--b2bua',
    `--host-name=${name}`,
    '--speed=1000',
    '--stay',
  ];
  const probe = start(process.execPath, [CLI, 'probe', ...options]);
  await until(
    'the probe has sent its calls',
    20_000,
    async () => ((await collector.probes())[0]?.sipSets ?? 0) > 50 || undefined,
    () => probe.stderr,
  );
  return probe;
}

/** One message as one agent reports it. */
export function hepPacket(sip: string | Buffer, more: Partial<HepMessage> = {}): Buffer {
  return encodeHep3({
    src: '192.0.2.10',
    srcPort: 5060,
    dst: '192.0.2.20',
    dstPort: 5060,
    ipProtocol: 17,
    capturedAtUs: Date.now() * 1000,
    kind: 1,
    captureId: 7,
    payload: typeof sip === 'string' ? Buffer.from(sip) : sip,
    ...more,
  });
}

/** Messages of the scenario of that title, under a Call-ID of its own. */
export function scenarioMessages(title: string, callId: string): ScenarioMessage[] {
  const { lines } = SCENARIOS.find((scenario) => scenario.title === title) ?? { lines: [] };
  if (lines.length === 0) throw new Error(`there is no scenario "${title}"`);
  return lines.filter(({ text }) => /^\d/.test(text)).map(({ text }) => readMessage(`${text} id=${callId}`));
}

/** What the agents of a scenario send. Agents are told apart by letters, their capture ids are numbers. */
export function packetsOf(
  messages: readonly ScenarioMessage[],
  startUs: number,
  more: (agent: string) => Partial<HepMessage> = () => ({}),
): Buffer[] {
  return messages.flatMap(({ text, from, to, seconds, agents }) =>
    agents.map((agent) =>
      hepPacket(text, {
        src: from,
        dst: to,
        capturedAtUs: startUs + Math.round(seconds * 1e6),
        captureId: agent.charCodeAt(0),
        ...more(agent),
      }),
    ),
  );
}

/** Packets on their way at once: far below what a socket's buffer holds. */
const BURST = 64;
/** Time for many to be worked on, on a machine that does other things too. */
const MANY_MS = 60_000;

/** Sends packets in their order and waits until all have been worked on. */
export async function send(collector: Collector, packets: readonly Buffer[]): Promise<void> {
  const agent = await UdpAgent.open();
  try {
    let received = (await collector.counters()).get('ingest.received') ?? 0;
    for (let at = 0; at < packets.length; at += BURST) {
      const burst = packets.slice(at, at + BURST);
      for (const packet of burst) await agent.send(packet, collector.hepUdp);
      received += burst.length;
      await collector.received(received);
    }
  } finally {
    agent.close();
  }
}

/** As `send`, for very many: over one connection, which nothing is lost on however fast it is written. */
export async function sendMany(collector: Collector, packets: readonly Buffer[]): Promise<void> {
  const received = (await collector.counters()).get('ingest.received') ?? 0;
  const socket = connect(collector.hepTcp, '127.0.0.1');
  socket.end(Buffer.concat(packets));
  await once(socket, 'close');
  await collector.received(received + packets.length, MANY_MS);
}
