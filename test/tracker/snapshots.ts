import assert from 'node:assert/strict';
import { snapshotTables } from '../../src/tracker/snapshot.ts';
import {
  readSnapshot,
  type SnapshotContent,
  type SnapshotProblem,
  writeSnapshot,
} from '../../src/tracker/snapshot-file.ts';
import { Stage } from './scenario.ts';

/** Writes a stage's snapshot in one go, or with something happening between its blocks. */
export function snapshotOf(stage: Stage, between?: () => void): Buffer {
  const blocks: Buffer[] = [];
  for (const block of writeSnapshot(
    snapshotTables(stage.tracker, stage.rates, stage.links, stage.counters),
    stage.nowUs,
  )) {
    blocks.push(Buffer.from(block));
    between?.();
  }
  return Buffer.concat(blocks);
}

/** Reads a snapshot without putting anything back. */
export function checked(file: Buffer): SnapshotContent | SnapshotProblem {
  const steps = readSnapshot((offset, length) => file.subarray(offset, offset + length), file.length);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Puts a snapshot back into a new stage, with another hash, at a time. */
export function restored(file: Buffer, nowUs: number, stage = new Stage({}, 99), leftOut = 0): Stage {
  let refused = 0;
  stage.nowUs = nowUs;
  stage.tracker.comeBack(nowUs);
  const tables = snapshotTables(stage.tracker, stage.rates, stage.links, stage.counters);
  const steps = readSnapshot((offset, length) => file.subarray(offset, offset + length), file.length);
  for (;;) {
    const step = steps.next();
    if (step.done === true) {
      assert.ok('entries' in step.value, JSON.stringify(step.value));
      break;
    }
    const table = tables.find(({ name }) => name === step.value.table);
    for (const entry of step.value.entries()) if (table?.restore(entry) !== true) refused++;
  }
  for (const table of tables) table.restored?.();
  assert.equal(refused, leftOut);
  for (const _ of stage.tracker.expireOverdue());
  return stage;
}
