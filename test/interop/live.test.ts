import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startCollector } from '../support/collector.ts';
import { start, until } from '../support/process.ts';
import { ROOT } from '../support/root.ts';
import { sipMessage } from '../pipeline/capture-stage.ts';
import { blocked, obstacle } from './tools.ts';

const LIMIT_MS = 20_000;

/** Calls over UDP, TCP and IPv6 through the loopback interface. @returns the collector's report */
async function captureCalls(t: TestContext, driver: string): Promise<string> {
  const udp = createSocket('udp4').bind(0, '127.0.0.1');
  const udp6 = createSocket('udp6').bind(0, '::1');
  await Promise.all([once(udp, 'listening'), once(udp6, 'listening')]);
  const tcp = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  t.after(() => {
    udp.close();
    udp6.close();
    tcp.close();
  });
  const port = (tcp.address() as AddressInfo).port; // it listens on one
  const ports = [udp.address().port, udp6.address().port, port];
  const bpf = ports.map((number) => `port ${number}`).join(' or ');
  const collector = await startCollector({ iface: 'lo', bpf, capture_driver: driver });
  t.after(() => collector.program.stop(0));

  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  socket.write(sipMessage('over-tcp', 40_000));
  udp.send(sipMessage('over-udp', 10, 'UDP'), ports[0], '127.0.0.1');
  udp6.send(sipMessage('over-udp6', 10, 'UDP'), ports[1], '::1');
  const wanted = ['over-tcp', 'over-udp', 'over-udp6'];
  const calls = await until('all calls', LIMIT_MS, async () => {
    const found = await collector.calls();
    return found.length >= wanted.length ? found : undefined;
  });
  assert.deepEqual(calls.map(({ callId }) => callId).toSorted(), wanted);
  assert.deepEqual(calls.find(({ callId }) => callId === 'over-udp6')?.src.ip, '::1');
  for (const call of calls) assert.deepEqual(call.agents, ['live:lo']);
  const listeners = await collector.json<{ listeners: { name: string; address: string }[] }>('/hep/list');
  assert.ok(listeners.listeners.some(({ name, address }) => name === 'live' && address === 'lo'));
  await collector.stop();
  return collector.program.stdout;
}

test('calls on the loopback interface are captured with tcpdump, over UDP, TCP and IPv6', async (t) => {
  if (blocked(t, obstacle(['tcpdump'], true))) return;
  const report = await captureCalls(t, 'tcpdump');
  // The report comes after tcpdump's last words.
  assert.match(report, /^pcap\.recvd +: +[1-9]/m);
  assert.doesNotMatch(report, /^pcap\.drop +: /m);
});

test('calls on the loopback interface are captured with the package cap, over UDP, TCP and IPv6', async (t) => {
  if (blocked(t, obstacle([], true))) return;
  if (!hasCap()) {
    // Optional, and not every host can build it.
    t.skip('the package cap is not built for this Node.js');
    return;
  }
  const report = await captureCalls(t, 'cap');
  assert.match(report, /^pcap\.packets +: +[1-9]/m);
});

function hasCap(): boolean {
  try {
    createRequire(import.meta.url)('cap');
    return true;
  } catch {
    return false;
  }
}

test('what tcpdump refuses stops the start', async (t) => {
  if (blocked(t, obstacle(['tcpdump'], true))) return;
  const cli = join(ROOT, '.build/src/cli.js');
  for (const [options, line] of [
    [['--iface=lo', '--bpf=port x'], /Cannot capture on .*lo.*: unknown port 'x'|can't parse filter|illegal port/],
    [['--iface=nothing0'], /Cannot capture on .*nothing0.*: nothing0: No such device exists/],
  ] as const) {
    const program = start(process.execPath, [
      cli,
      '--http_port=0',
      '--hep_udp_port=auto',
      '--hep_tcp_port=auto',
      '--ipfix_port=auto',
      ...options,
    ]);
    assert.equal(await program.exited, 1);
    assert.match(program.stderr, line);
  }
});
