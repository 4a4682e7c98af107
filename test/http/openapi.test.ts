import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { client } from './client.ts';
import { call, message } from './fakes.ts';

/** The part of an API description this test reads. */
interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  parameters?: { name: string; in: string; required: boolean; description?: string; schema: object }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { $ref?: string; description: string; content: Record<string, { schema: object }> }>;
}
interface Description {
  openapi: string;
  info: { title: string; version: string };
  components: { responses: { Problem: { content: Record<string, { schema: object }> } } };
  paths: Record<string, Record<string, Operation>>;
}

const { get, post } = client();
const description = (await get('/openapi.json')).json<Description>();
const sharing = await post(`/call/${encodeURIComponent(call().callId)}/share`, '', { accept: 'application/json' });
const shareId = sharing.json<{ id: string }>().id;
const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);
const JSON_TYPE = 'application/json';
const pages = operations.filter(({ method }) => method === 'get');

/** Judges by JSON Schema 2020-12, as OpenAPI 3.1 does, with a validator that has nothing to do with how we write schemas. */
const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });

function assertAfter(schema: object, answer: unknown): void {
  const isValid = ajv.compile(closed(schema) as object);
  assert.ok(isValid(answer), ajv.errorsText(isValid.errors));
}

/** A copy of a schema that lets no undocumented member through. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]));
  return 'properties' in schema ? { ...copy, additionalProperties: false } : copy;
}

suite('/openapi.json', () => {
  test('is OpenAPI 3.1 with a name of its own for every operation', () => {
    assert.equal(description.openapi, '3.1.0');
    assert.deepEqual(description.info.title, 'sipcol');
    const ids = operations.map(({ operation }) => operation.operationId);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^(get|post)[A-Z]\w*$/);
    assert.ok(ids.includes('getCallsList'));
  });

  for (const { path, method, operation } of operations) {
    test(`${method} ${path} says what it is, what each parameter means and what it answers`, () => {
      assert.ok(operation.summary.length > 5);
      assert.equal(operation.tags.length, 1);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const given = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      assert.deepEqual(
        given.map(({ name }) => name),
        inPath,
      );
      for (const { name, description: text = '' } of operation.parameters ?? []) assert.ok(text.length > 3, name);
      for (const { schema } of Object.values(operation.requestBody?.content ?? {}))
        assert.doesNotThrow(() => ajv.compile(schema));
      const answers = Object.values(operation.responses['200']?.content ?? {});
      assert.ok(answers.length > 0);
      for (const { schema } of answers) assert.doesNotThrow(() => ajv.compile(schema));
      assert.equal(operation.responses['4XX']?.$ref, '#/components/responses/Problem');
    });
  }

  for (const { path, operation } of pages) {
    if (JSON_TYPE in (operation.responses['200']?.content ?? {}))
      test(`the JSON of ${path} is what its schema says, by an independent validator`, async () => {
        const place = path
          .replace('{callid}', encodeURIComponent(call().callId))
          .replace('{id}', String(message().id))
          .replace('{share}', shareId);
        const answer = await get(`${place}?format=json`);
        assert.equal(answer.statusCode, 200, answer.body);
        assertAfter(operation.responses['200']?.content[JSON_TYPE]?.schema ?? {}, answer.json());
      });

    test(`${path} refuses an unknown parameter with problem details after their schema`, async () => {
      const place = path.replace('{callid}', 'x').replace('{id}', '1').replace('{share}', shareId);
      const answer = await get(`${place}?nonsense=1`, { accept: 'application/json' });
      assert.equal(answer.statusCode, 400);
      assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
      const { content } = description.components.responses.Problem;
      assertAfter(content['application/problem+json']?.schema ?? {}, answer.json());
      assert.equal(answer.json<{ parameter: string }>().parameter, 'nonsense');
    });
  }
});

suite('/api', () => {
  test('shows every operation of the description, with its parameters', async () => {
    const { body } = await get('/api?format=html');
    for (const { operation, path, method } of operations) {
      assert.ok(body.includes(`<details id="${operation.operationId}">`), path);
      assert.ok(body.includes(`${method.toUpperCase()} ${path}`), path);
    }
    // The schema of a call, spelled out: hops of the items of a list, and their addresses.
    assert.match(body, /<code>items\[\]\.hops\[\]\.src\.ip<\/code>/);
    assert.match(body, /<code>items\[\]\.retransmissions\.requests<\/code>/);
    assert.match(body, /integer 1–20000/);
    assert.doesNotMatch(body, /<script(?! type="module" src="\/assets\/)|https?:\/\//, 'nothing from outside');
  });

  test('is the same as text, and as JSON the description itself', async () => {
    const text = (await get('/api')).body;
    assert.match(
      text,
      /^GET \/calls\/list: Calls held now, newest first or in the order asked for\n {2}n: integer 1–20000 \(default 100\): Most items/m,
    );
    assert.match(text, /^ {2}answer items\[\]\.callId: string/m);
    assert.deepEqual((await get('/api?format=json')).json(), description);
  });
});

suite('what seldom changes', () => {
  const paths = ['/openapi.json', '/api?format=json', '/about?format=json', '/about', '/about/config?format=text'];
  for (const path of paths) {
    test(`${path} is sent again only when it has changed`, async () => {
      const first = await get(path);
      const etag = String(first.headers['etag']);
      assert.match(etag, /^"[\w-]{22}"$/);
      assert.equal(first.headers['cache-control'], 'private, no-cache');
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const again = await get(path, { 'if-none-match': known });
        assert.deepEqual([again.statusCode, again.body, again.headers['etag']], [304, '', etag], known);
      }
      for (const known of ['"other"', etag.slice(1, -1), '']) {
        assert.equal((await get(path, { 'if-none-match': known })).statusCode, 200, known);
      }
    });
  }

  test('what is different each time is not kept', async () => {
    for (const path of ['/calls/list', '/about?format=html']) {
      const { headers } = await get(path);
      assert.deepEqual([headers['etag'], headers['cache-control']], [undefined, 'no-store']);
    }
  });
});
