import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

async function healthcheck(port: number, addr: string): Promise<number> {
  const child = spawn(process.execPath, ['deploy/healthcheck.mjs'], {
    env: { SIPCOL_HTTP_PORT: String(port), SIPCOL_HTTP_ADDR: addr },
    stdio: 'inherit',
  });
  const [code] = await once(child, 'close');
  return Number(code);
}

test('the health check follows what /healthz answers, and a collector that does not answer is not healthy', async () => {
  let status = 200;
  const paths: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url);
    response.writeHead(status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  assert.equal(await healthcheck(address.port, ''), 0);
  assert.equal(await healthcheck(address.port, '0.0.0.0'), 0);
  status = 503;
  assert.equal(await healthcheck(address.port, '127.0.0.1'), 1);
  assert.deepEqual(paths, ['/healthz', '/healthz', '/healthz']);
  server.close();
  await once(server, 'close');
  assert.equal(await healthcheck(address.port, ''), 1);
});
