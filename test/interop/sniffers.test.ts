import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { startCollector } from '../support/collector.ts';
import { type Program, start, until } from '../support/process.ts';
import { Lab, PORTS } from './lab.ts';
import { blocked, find, obstacle } from './tools.ts';
import { CallWatch } from './watch.ts';

const START_LIMIT_MS = 10_000;
const CALL_LIMIT_MS = 10_000;

/** Programs that watch a network interface and send what they see of one host's SIP. */
const SNIFFERS: readonly { name: string; args: (collector: number, host: string) => string[] }[] = [
  {
    name: 'sngrep',
    args: (collector, host) => {
      return ['-F', '-N', '-q', '-d', 'lo', '-H', `udp:127.0.0.1:${collector}`, 'udp', 'and', 'host', host];
    },
  },
  {
    name: 'sipgrep',
    args: (collector, host) => {
      const port = String(PORTS.answer);
      return ['-R', '-p', '-d', 'lo', '-P', `${port}-${port}`, '-H', `udp:127.0.0.1:${collector}`, 'host', host];
    },
  },
];

describe('programs that watch an interface', () => {
  for (const { name, args } of SNIFFERS) {
    test(`${name}: a call on the wire is one call with one hop`, async (context) => {
      if (blocked(context, obstacle([name, 'sipp'], true))) return;
      const collector = await startCollector();
      const lab = await Lab.open();
      const watch = new CallWatch(collector);
      let sniffer: Program | undefined;
      try {
        const before = packetSockets();
        sniffer = start(find(name) ?? name, args(collector.hepUdp, lab.ip), {
          env: { ...process.env, TERM: 'xterm' },
        });
        await capturing(sniffer, before);
        const callId = `watched-by-${name}@interop.example`;
        const part = { scenario: 'uac-answered', user: 'bob', callId };
        const port = await lab.play(part, 'udp', PORTS.answer);
        const trace = '>INVITE<180<200>ACK>BYE<200';
        await until('the whole call', CALL_LIMIT_MS, () => {
          return watch.last(callId)[0]?.messageTrace === trace ? true : undefined;
        }).catch(() => undefined); // the comparison below shows what is missing
        const [call, ...others] = watch.last(callId);
        assert.deepEqual(others, []);
        assert.equal(call?.messageTrace, trace);
        assert.equal(call?.state, 'inv_bye_repl');
        assert.deepEqual(call?.retransmissions, { requests: [0, 0], replies: [0, 0] });
        assert.deepEqual(
          call?.hops.map(({ src, dst, transport, messages }) => ({ src, dst, transport, messages })),
          [
            {
              src: { ip: lab.ip, port },
              dst: { ip: lab.ip, port: PORTS.answer },
              transport: 'udp',
              messages: 6,
            },
          ],
        );
        const events = (await collector.events()).map(({ type, status }) => `${type} ${status}`);
        assert.deepEqual(events, ['call-start 200', 'call-end 200']);
        const agents = await collector.agents();
        assert.deepEqual(
          agents.map(({ versions, transport, refused }) => ({ versions, transport, refused })),
          [{ versions: [3], transport: 'udp', refused: {} }],
        );
      } finally {
        await watch.stop();
        await sniffer?.stop();
        await lab.close();
        await collector.stop();
      }
    });
  }
});

/** Neither program says when it has begun; the kernel lists its socket when it has. */
async function capturing(sniffer: Program, before: number): Promise<void> {
  await until(
    `${sniffer.name} capturing`,
    START_LIMIT_MS,
    () => {
      if (!sniffer.isRunning) throw new Error(`${sniffer.name} ended: ${sniffer.stderr}${sniffer.stdout}`);
      return packetSockets() > before ? true : undefined;
    },
    () => sniffer.stderr + sniffer.stdout,
  );
}

function packetSockets(): number {
  return readFileSync('/proc/net/packet', 'utf8').trimEnd().split('\n').length;
}
