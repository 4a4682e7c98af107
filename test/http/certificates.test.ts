import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validityOf, validityText } from '../../src/http/certificates.ts';
import { client } from './client.ts';
import { certificate, NOW_US } from './fakes.ts';

const DAY_US = 86_400e6;

for (const [from, until, validity, text] of [
  [-100, 200, 'good', '200 days left'],
  [-100, 31, 'good', '31 days left'],
  [-100, 29, 'soon', '29 days left'],
  [-100, 0.5, 'soon', '12h0m0s left'],
  [-100, -3, 'expired', 'expired 3 days ago'],
  [2.5, 300, 'not yet', 'not valid for another 2 days'],
] as const) {
  test(`a certificate that is valid from day ${from} to day ${until} is: ${validity}, ${text}`, () => {
    const it = certificate({ validFromUs: NOW_US + from * DAY_US, validUntilUs: NOW_US + until * DAY_US });
    assert.deepEqual([validityOf(it, NOW_US), validityText(it, NOW_US)], [validity, text]);
  });
}

test('a certificate that ends soon is among what needs a look, and its end among the metrics', async () => {
  const certificates = [
    certificate({ validUntilUs: NOW_US + 5 * DAY_US }),
    certificate({ use: 'authority', validUntilUs: NOW_US + 400 * DAY_US }),
  ];
  const { get } = client({ certificates });
  const { warnings } = (await get('/?format=json')).json<{ warnings: { code: string; text: string }[] }>();
  assert.deepEqual(
    warnings.filter(({ code }) => code === 'certificate').map(({ text }) => text),
    ['Certificate of http (http_tls_cert, CN=sipcol.example.com): 5 days left'],
  );
  const lines = (await get('/metrics')).body.split('\n');
  const seconds = NOW_US / 1e6 + 5 * 86_400;
  assert.deepEqual(
    lines.filter((line) => line.startsWith('sipcol_certificate')),
    [`sipcol_certificate_valid_until_seconds{listener="http"} ${seconds}`],
  );
});

test('/certificates says what to set where no listener speaks TLS', async () => {
  const { get } = client({ certificates: [] });
  assert.match((await get('/certificates')).body, /^No listener speaks TLS: set http_tls_cert/);
  assert.match((await get('/certificates?format=html')).body, /href="\/about\/config#http_tls_cert"/);
});
