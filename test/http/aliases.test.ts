import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import { Aliases, type AliasStore, AliasTextFault, parseAlias, parseAliasLines } from '../../src/model/alias.ts';
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

/** A file in memory. */
class FakeFile implements AliasStore {
  readonly path = '/etc/sipcol/aliases';
  readonly names = new Aliases([]);
  text: string;

  constructor(text: string) {
    this.text = text;
  }

  read(): Promise<string> {
    return Promise.resolve(this.text);
  }

  async write(text: string): Promise<void> {
    const read = parseAliasLines(text);
    if (read instanceof AliasTextFault) throw read;
    this.names.replace(read);
    this.text = text;
  }
}

suite('the file of aliases', () => {
  const was = (text: string): string => createHash('sha256').update(text).digest('hex');
  const withFile = (text: string): ReturnType<typeof client> & { file: FakeFile } => {
    const file = new FakeFile(text);
    return { ...client({ aliases: file.names, aliasStore: file }), file };
  };

  test('is shown to be changed, whatever is in it', async () => {
    const { get } = withFile('# </textarea><script>alert(1)</script>\n');
    const { body } = await get('/aliases?format=html');
    assert.match(body, /<textarea name="text"[^>]*># &lt;\/textarea>&lt;script>alert\(1\)&lt;\/script>\n<\/textarea>/);
    assert.ok(!(await client().get('/aliases?format=html')).body.includes('<textarea'));
  });

  test('is replaced by what is posted, and the names at once', async () => {
    const { get, post, file } = withFile('192.0.2.1=old\n');
    const answer = await post('/aliases?format=html', { text: '192.0.2.1=new;ours\n', was: was('192.0.2.1=old\n') });
    assert.equal(answer.statusCode, 200);
    assert.match(answer.body, /Applied: <bdi>1 aliases<\/bdi>/);
    assert.equal(file.text, '192.0.2.1=new;ours\n');
    assert.equal((await get('/aliases?format=text')).body, '192.0.2.1 "new" group "ours"\n');
    assert.equal((await post('/aliases', 'text=')).statusCode, 200);
    assert.equal((await get('/aliases?format=json')).json<{ total: number }>().total, 0);
  });

  const refused: [string, object, number, RegExp][] = [
    ['a line nobody can read', { text: '192.0.2.1=a\nnonsense' }, 400, /line 2 is "nonsense", expected address=name/],
    ['lines made of others than there are now', { text: '', was: was('') }, 409, /was changed since you opened it/],
    ['nothing', { was: '' }, 400, /text/],
    ['another parameter', { text: '', path: '/etc/passwd' }, 400, /path/],
  ];
  for (const [what, body, status, words] of refused) {
    test(`refuses ${what}, and stays as it is`, async () => {
      const { post, file } = withFile('192.0.2.1=old\n');
      const answer = await post('/aliases', body);
      assert.equal(answer.statusCode, status);
      assert.match(answer.body, words);
      assert.equal(file.text, '192.0.2.1=old\n');
    });
  }

  test('says what to set where there is none, and why where it cannot be read', async () => {
    const answer = await client().post('/aliases', { text: '' });
    assert.deepEqual([answer.statusCode, /aliases_file names no file/.test(answer.body)], [409, true]);
    const store: AliasStore = {
      path: 'gone',
      read: () => Promise.reject(new Error('ENOENT')),
      write: () => Promise.reject(new Error('EACCES')),
    };
    const { get, post } = client({ aliasStore: store });
    assert.match(
      (await get('/aliases?format=html')).body,
      /<code>gone<\/code> cannot be read: <bdi>Error: ENOENT<\/bdi>/,
    );
    const failed = await post('/aliases', { text: '' });
    assert.deepEqual([failed.statusCode, /gone cannot be written: Error: EACCES/.test(failed.body)], [409, true]);
  });
});
