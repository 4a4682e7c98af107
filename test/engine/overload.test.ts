import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EngineCore } from '../../src/engine/engine-core.ts';
import { Calls, CounterSet, Dropped, Ingest } from '../../src/model/counters.ts';
import { goodPacket } from '../support/hostile.ts';
import { nativeObstacle } from '../sources/native.ts';
import { KeptLog, loopbackSettings } from './settings.ts';

const SENT = 500;

for (const receive of ['dgram', 'native'] as const) {
  const skip =
    process.platform === 'linux' ? receive === 'native' && nativeObstacle() : 'this system does not tell what it drops';
  test(
    `an engine receiving by ${receive} that gets too much keeps no messages, counts all, recovers`,
    {
      timeout: 20_000,
      skip,
    },
    async (t) => {
      const counters = new CounterSet();
      const log = new KeptLog();
      const settings = loopbackSettings(`--hep_receive=${receive}`, '--hep_rcvbuf=64KiB');
      const core = new EngineCore(settings, counters, () => Date.now() * 1000, log);
      t.after(() => core.stop({ graceMs: 0, forceTimeoutMs: 0, waitMs: 0 }));
      const [listener] = await core.start(() => undefined);
      const until = async (happened: () => boolean): Promise<void> => {
        while (!happened()) await nextTurn();
      };
      const socket = createSocket('udp4');
      t.after(() => socket.close());
      socket.connect(listener?.port ?? 0, '127.0.0.1');
      await once(socket, 'connect');

      // All are sent before this thread can read one, and the buffer has room for some of them only.
      for (let n = 0; n < SENT; n++) socket.send(goodPacket(`call-${n}`));
      await until(() => counters.get(Ingest.RECEIVED) === SENT);
      assert.ok(counters.get(Dropped.overload) > 0);
      assert.equal(counters.get(Ingest.TRACKED) + counters.get(Ingest.DROPPED), SENT);
      assert.equal(counters.get(Ingest.OVERLOAD), 1);
      const kept = counters.get(Calls.MESSAGES_KEPT);

      socket.send(goodPacket('during'));
      await until(() => counters.get(Calls.MESSAGES_LEFT_OUT) === 1);
      const during = core.callMessages('during', { offset: 0, limit: 10 });
      assert.deepEqual([during.entries.length, during.total, during.gone], [1, 0, 1]);
      assert.equal(counters.get(Calls.MESSAGES_KEPT), kept);

      await until(() => counters.get(Ingest.OVERLOAD) === 0);
      socket.send(goodPacket('after'));
      await until(() => counters.get(Calls.MESSAGES_KEPT) === kept + 1);
      assert.deepEqual(
        log.lines.filter((line) => line.includes('kept for display')),
        [
          'warn more arrives than can be worked on: given up for now: messages kept for display',
          'info the load is bearable again: back are messages kept for display',
        ],
      );
    },
  );
}
