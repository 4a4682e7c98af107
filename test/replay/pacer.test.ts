import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pacer, type PacerClock } from '../../src/replay/pacer.ts';
import type { Pace } from '../../src/replay/settings.ts';

/** A clock that moves only when someone sleeps or takes `spent` milliseconds. */
function virtualClock(): PacerClock & { ms: number } {
  return {
    ms: 5000,
    nowMs() {
      return this.ms;
    },
    async sleep(ms) {
      this.ms += ms;
    },
  };
}

async function sendTimes(pace: Pace, packetsUs: readonly number[], spentMs = 0): Promise<number[]> {
  const clock = virtualClock();
  const pacer = new Pacer(pace, undefined, clock);
  const times: number[] = [];
  for (const timeUs of packetsUs) {
    await pacer.wait(timeUs);
    times.push(clock.ms - 5000);
    clock.ms += spentMs;
  }
  return times;
}

const RECORDED = [1_700_000_000_000_000, 1_700_000_000_020_000, 1_700_000_000_050_000];

test('Pacer keeps the recorded spacing', async () => {
  assert.deepEqual(await sendTimes({ kind: 'recorded', speed: 1 }, RECORDED), [0, 20, 50]);
});

test('Pacer divides the recorded spacing by the speed', async () => {
  assert.deepEqual(await sendTimes({ kind: 'recorded', speed: 10 }, RECORDED), [0, 2, 5]);
});

test('Pacer does not let time spent on sending add to the spacing', async () => {
  assert.deepEqual(await sendTimes({ kind: 'recorded', speed: 1 }, RECORDED, 15), [0, 20, 50]);
});

test('Pacer catches up when a packet was late', async () => {
  assert.deepEqual(await sendTimes({ kind: 'recorded', speed: 1 }, RECORDED, 40), [0, 40, 80]);
});

test('Pacer sends at once what was recorded before its predecessor', async () => {
  assert.deepEqual(await sendTimes({ kind: 'recorded', speed: 1 }, [1_000_000, 990_000, 1_010_000]), [0, 0, 10]);
});

test('Pacer waits through gaps of weeks', async () => {
  const sixtyDaysUs = 60 * 86_400_000_000;
  assert.deepEqual(await sendTimes({ kind: 'recorded', speed: 1 }, [0, sixtyDaysUs]), [0, sixtyDaysUs / 1000]);
});

test('Pacer spreads packets evenly at a rate', async () => {
  assert.deepEqual(await sendTimes({ kind: 'rate', perSecond: 100 }, [0, 0, 0, 0]), [0, 10, 20, 30]);
});

test('Pacer never waits at rate 0', async () => {
  assert.deepEqual(await sendTimes({ kind: 'rate', perSecond: 0 }, RECORDED), [0, 0, 0]);
});

test('Pacer starts the spacing anew with each file', async () => {
  const clock = virtualClock();
  const pacer = new Pacer({ kind: 'recorded', speed: 1 }, undefined, clock);
  await pacer.wait(1_000_000);
  await pacer.wait(1_030_000);
  pacer.nextFile();
  await pacer.wait(9_000_000);
  assert.equal(clock.ms, 5030);
  await pacer.wait(9_010_000);
  assert.equal(clock.ms, 5040);
});

test('Pacer returns at once when stopped', async () => {
  const clock = virtualClock();
  const pacer = new Pacer({ kind: 'recorded', speed: 1 }, AbortSignal.abort(), clock);
  await pacer.wait(0);
  await pacer.wait(60_000_000);
  assert.equal(clock.ms, 5000);
});
