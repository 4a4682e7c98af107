import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Aliases, parseAlias } from '../../src/model/alias.ts';
import type { CallQuery } from '../../src/model/engine.ts';
import { parseSearch } from '../../src/model/search/parse.ts';
import { UTC } from '../../src/model/zone.ts';
import { client } from './client.ts';
import { call, message } from './fakes.ts';

const NAMES = ['192.0.2.0/24=phones', '198.51.100.2:5060=<sbc>&"one"'];
const aliases = new Aliases(NAMES.flatMap((text) => parseAlias(text) ?? []));
const SHOWN = '<span class="alias" title="198.51.100.2:5060"><bdi>&lt;sbc>&amp;&quot;one&quot;</bdi></span>';
const ADDRESSES = { cookie: 'theme=dark; names=addresses' };

suite('names of addresses', () => {
  for (const path of ['/calls/list', '/events', `/call/${encodeURIComponent(call().callId)}`]) {
    test(`stand in ${path} with the address in the title, or the address does when the reader wants it`, async () => {
      const { get, deps } = client({ aliases });
      deps.engine.messages = [message()];
      const { body } = await get(`${path}?format=html`);
      assert.ok(body.includes(SHOWN));
      assert.ok(body.includes('<span data-names-place="aliases"></span>'));
      const plain = await get(`${path}?format=html`, ADDRESSES);
      assert.ok(!plain.body.includes('class="alias"'));
      assert.ok(plain.body.includes('<bdi>198.51.100.2:5060</bdi>'));
      assert.ok(plain.body.includes('<span data-names-place="addresses"></span>'));
    });
  }

  test('are no choice where there are none', async () => {
    assert.ok(!(await client().get('/calls/list?format=html')).body.includes('data-names-place'));
  });

  test('are listed, the most precise first, with the calls of each', async () => {
    const { get } = client({ aliases });
    const { items } = (await get('/aliases?format=json')).json<{ items: object[] }>();
    assert.deepEqual(items, [
      { name: '<sbc>&"one"', group: '', network: '198.51.100.2', port: 5060 },
      { name: 'phones', group: '', network: '192.0.2.0/24', port: null },
    ]);
    assert.match(
      (await get('/aliases?format=text')).body,
      /^198\.51\.100\.2 port 5060 "<sbc>&\\"one\\""\n192\.0\.2\.0\/24 "phones"\n$/,
    );
    const { body } = await get('/aliases?format=html');
    assert.ok(body.includes('href="/calls/list?q=alias%3A%22phones%22"'));
    assert.equal((await get('/calls/list?q=alias%3A%22%3Csbc%3E%26%5C%22one%5C%22%22')).statusCode, 200);
    assert.match((await client().get('/aliases?format=html')).body, /No aliases are set/);
  });

  test('can be searched for', async () => {
    const { get, deps } = client({ aliases });
    for (const path of ['/calls/list', '/events']) {
      assert.equal((await get(`${path}?q=alias:phones`)).statusCode, 200);
      const asked = deps.engine.asked.at(-1) as [string, CallQuery];
      assert.deepEqual(asked[1].search, parseSearch('alias:phones', 'calls', UTC, aliases));
    }
  });
});
