import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionLimit } from '../../src/sources/connection-limit.ts';

test('ConnectionLimit bounds connections per address and in all', () => {
  const limit = new ConnectionLimit(3, 2);
  assert.equal(limit.take('192.0.2.1'), undefined);
  assert.equal(limit.take('192.0.2.1'), undefined);
  assert.equal(limit.take('192.0.2.1'), 'maxConnectionsPerAddress', 'third of one address');
  assert.equal(limit.take('192.0.2.2'), undefined);
  assert.equal(limit.take('192.0.2.3'), 'maxConnections', 'fourth in all');
});

test('ConnectionLimit gives a released place to the next connection', () => {
  const limit = new ConnectionLimit(1, 1);
  limit.take('192.0.2.1');
  limit.release('192.0.2.1');
  assert.equal(limit.take('192.0.2.2'), undefined);
});

test('ConnectionLimit does not gain places from a release too many', () => {
  const limit = new ConnectionLimit(1, 1);
  limit.release('192.0.2.1');
  assert.equal(limit.take('192.0.2.1'), undefined);
  assert.equal(limit.take('192.0.2.2'), 'maxConnections');
});
