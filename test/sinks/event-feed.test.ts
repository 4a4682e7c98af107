import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CounterSet, EventLog as Counters } from '../../src/model/counters.ts';
import type { EventPage, EventQuery } from '../../src/model/engine.ts';
import { type EventBatch, type EventSink, SinkError } from '../../src/model/event-sink.ts';
import { BATCH, EventFeed } from '../../src/sinks/event-feed.ts';
import { event, T0_US } from './events.ts';

/** A ring that can be filled, overrun and replaced. */
class FakeRing {
  capacity = 10_000;
  next = 0;
  startedUs = T0_US;
  down = false;
  readonly asked: EventQuery[] = [];

  async listEvents(query: EventQuery): Promise<EventPage> {
    this.asked.push(query);
    if (this.down) throw new Error('the engine is not running');
    const first = Math.max(query.offset, this.next - this.capacity, 0);
    const items = [];
    for (let index = first; index < this.next && items.length < query.limit; index++) items.push(event({ index }));
    const { offset, limit } = query;
    const held = Math.min(this.next, this.capacity);
    return {
      total: held,
      matched: items.length,
      offset,
      limit,
      items,
      nextIndex: this.next,
      capacity: this.capacity,
      ringStartedUs: this.startedUs,
    };
  }
}

class FakeSink implements EventSink {
  readonly name = 'fake';
  readonly written: number[] = [];
  readonly batches: EventBatch[] = [];
  failure: Error | undefined;
  closed = 0;

  async write(batch: EventBatch): Promise<void> {
    const taken = this.failure instanceof SinkError ? this.failure.taken : batch.events.length;
    for (const { index } of batch.events.slice(0, this.failure === undefined ? undefined : taken))
      this.written.push(index);
    if (this.failure !== undefined) throw this.failure;
    this.batches.push(batch);
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

class Stage {
  readonly ring = new FakeRing();
  readonly sink = new FakeSink();
  readonly counters = new CounterSet();
  readonly lines: string[] = [];
  readonly feed: EventFeed;

  constructor() {
    const at = (level: string) => (_fields: object, message: string) => void this.lines.push(`${level}: ${message}`);
    const log = { debug: () => undefined, info: at('info'), warn: at('warn'), error: at('error') };
    this.feed = new EventFeed(this.ring, this.sink, this.counters, log);
  }

  get dropped(): number {
    return this.counters.get(Counters.DROPPED);
  }

  async steps(count: number): Promise<string[]> {
    const outcomes: string[] = [];
    for (let n = 0; n < count; n++) outcomes.push(await this.feed.step());
    return outcomes;
  }
}

const upTo = (end: number, from = 0): number[] => Array.from({ length: end - from }, (_, n) => from + n);

test('events come in order, each once, in batches of bounded size', async () => {
  const stage = new Stage();
  stage.ring.next = 2 * BATCH + 3;
  assert.deepEqual(await stage.steps(3), ['more', 'more', 'idle']);
  stage.ring.next += 2;
  assert.deepEqual(await stage.steps(2), ['idle', 'idle']);
  assert.deepEqual(stage.sink.written, upTo(2 * BATCH + 5));
  assert.ok(stage.ring.asked.every((query) => query.limit === BATCH));
  assert.deepEqual([stage.dropped, stage.lines], [0, []]);
  assert.equal(stage.sink.batches[0]?.nextIndex, 2 * BATCH + 3);
});

test('a sink that is too slow loses what the ring overwrites, which is counted and told once', async () => {
  const stage = new Stage();
  stage.ring.capacity = 10;
  stage.ring.next = 5;
  await stage.steps(1);
  stage.ring.next = 100;
  await stage.steps(1);
  stage.ring.next = 200;
  await stage.steps(1);
  assert.deepEqual(stage.sink.written, [...upTo(5), ...upTo(100, 90), ...upTo(200, 190)]);
  assert.equal(stage.dropped, 85 + 90);
  assert.deepEqual(stage.lines, ['warn: events come faster than they are written']);
});

test('a failure that may pass keeps the batch, tells once, and goes on where the sink stopped', async () => {
  const stage = new Stage();
  stage.ring.next = 10;
  stage.sink.failure = new SinkError('no space left on device', false, 4);
  assert.deepEqual(await stage.steps(1), ['failed']);
  stage.sink.failure = new SinkError('no space left on device', false, 0);
  assert.deepEqual(await stage.steps(2), ['failed', 'failed']);
  const asked = stage.ring.asked.length;
  stage.sink.failure = undefined;
  assert.deepEqual(await stage.steps(2), ['more', 'idle']);
  assert.equal(asked, 1, 'nothing was fetched while a batch waited');
  assert.deepEqual(stage.sink.written, upTo(10));
  assert.deepEqual(stage.lines, ['error: cannot write events: trying again', 'info: events are written again']);
  assert.deepEqual([stage.dropped, stage.counters.get(Counters.FAILURES)], [0, 3]);
});

for (const failure of [new SinkError('write EPIPE', true, 2), new TypeError('a defect')]) {
  test(`after a failure for good (${failure.message}) events are only counted`, async () => {
    const stage = new Stage();
    stage.ring.next = 10;
    stage.sink.failure = failure;
    await stage.steps(1);
    stage.sink.failure = undefined;
    stage.ring.next = 15;
    await stage.steps(3);
    const safe = failure instanceof SinkError ? 2 : 10;
    assert.equal(stage.sink.written.length, safe);
    assert.equal(stage.sink.batches.length, 0);
    assert.equal(stage.dropped, failure instanceof SinkError ? 13 : 15);
    assert.deepEqual(stage.lines, ['error: cannot write events: giving up']);
  });
}

test('an engine that is down is asked again; its successor begins at 0, and nothing of it is lost', async () => {
  const stage = new Stage();
  stage.ring.next = 10;
  await stage.steps(1);
  stage.ring.down = true;
  assert.deepEqual(await stage.steps(2), ['failed', 'failed']);
  stage.ring.down = false;
  stage.ring.startedUs += 5_000_000;
  // The new ring may already be further than the old one was.
  stage.ring.next = 12;
  assert.deepEqual(await stage.steps(2), ['more', 'idle']);
  assert.deepEqual(stage.sink.written, [...upTo(10), ...upTo(12)]);
  assert.equal(stage.dropped, 0);
});

test('finish() takes the rest, closes the sink, and does so once', async () => {
  const stage = new Stage();
  stage.ring.next = 10;
  stage.feed.start();
  stage.ring.next = BATCH + 20;
  await Promise.all([stage.feed.finish(), stage.feed.finish()]);
  assert.deepEqual(stage.sink.written, upTo(BATCH + 20));
  assert.equal(stage.sink.closed, 1);
});

test('finish() counts what it could not write, and ends', async () => {
  const stage = new Stage();
  stage.ring.next = BATCH + 20;
  stage.sink.failure = new SinkError('no space left on device', false, 0);
  await stage.feed.finish();
  assert.equal(stage.dropped, BATCH + 20);
  assert.equal(stage.sink.closed, 1);
});
