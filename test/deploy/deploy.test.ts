import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { OPTIONS } from '../../src/config/schema.ts';

const read = (path: string): string => readFileSync(path, 'utf8');

const HEP_PORT = String(OPTIONS.hep_udp_port.value);
const HTTP_PORT = String(OPTIONS.http_port.value);
const IPFIX_PORT = OPTIONS.ipfix_port.value;

/** Instructions with continuation lines joined and comments gone. */
const dockerfile = read('deploy/Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '');
const lastStage = dockerfile.slice(dockerfile.findLastIndex((line) => line.startsWith('FROM ')));

test('the image is built from a base that can be chosen, in stages', () => {
  assert.match(dockerfile[0] ?? '', /^ARG BASE_IMAGE=node:lts-slim$/);
  const stages = dockerfile.filter((line) => line.startsWith('FROM '));
  assert.ok(stages.length > 1);
  for (const stage of stages) assert.match(stage, /^FROM \$\{BASE_IMAGE\}(?: AS \w+)?$/);
});

test('the image does not run as root and says so by number', () => {
  const user = lastStage.filter((line) => line.startsWith('USER '));
  assert.deepEqual(user, ['USER 1000:1000']);
  const rootAfterwards = lastStage
    .slice(lastStage.indexOf('USER 1000:1000'))
    .filter((line) => /^(?:RUN|COPY)/.test(line));
  assert.deepEqual(rootAfterwards, []);
});

test('the image contains production dependencies only, and nothing is compiled or installed in its last stage', () => {
  assert.ok(lastStage.includes('COPY --from=dependencies /app/node_modules node_modules'));
  assert.ok(dockerfile.some((line) => line.startsWith('RUN npm ci --omit=dev --omit=optional --ignore-scripts')));
  assert.deepEqual(
    lastStage.filter((line) => line.startsWith('RUN ')),
    [],
  );
});

test('the native module is built in a stage of its own, or the image is not', () => {
  const from = dockerfile.findIndex((line) => line.endsWith(' AS native'));
  const stage = dockerfile.slice(from, dockerfile.indexOf('FROM ${BASE_IMAGE} AS build'));
  assert.ok(stage.includes('RUN node scripts/build-native.mjs --required'));
  assert.ok(lastStage.includes('COPY --from=native /app/native/udp-receive.node native/'));
  const compilers = /\b(?:apt-get|apk|gcc|g\+\+|make)\b/;
  assert.deepEqual(
    dockerfile.filter((line) => compilers.test(line)),
    stage.filter((line) => compilers.test(line)),
  );
});

test('the image checks its health with Node.js, through a file that is in it and in the build context', () => {
  const check = lastStage.find((line) => line.startsWith('HEALTHCHECK '));
  assert.match(check ?? '', /CMD \["node", "deploy\/healthcheck\.mjs"\]$/);
  assert.ok(lastStage.includes('COPY deploy/healthcheck.mjs deploy/'));
  assert.ok(read('.dockerignore').split('\n').includes('!deploy/healthcheck.mjs'));
});

test('everything the image copies is in the repository and in the build context', () => {
  const context = read('.dockerignore').split('\n');
  const sources = dockerfile
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    .flatMap((line) => line.split(' ').slice(1, -1));
  for (const source of sources) {
    assert.ok(existsSync(source), source);
    assert.ok(context.includes(`!${source}`), source);
  }
  assert.equal(
    context.find((line) => line !== '' && !line.startsWith('#')),
    '*',
  );
});

test('the image exposes the default ports', () => {
  assert.ok(lastStage.includes(`EXPOSE ${HEP_PORT}/udp ${HEP_PORT}/tcp ${IPFIX_PORT}/tcp ${HTTP_PORT}/tcp`));
  assert.equal(OPTIONS.hep_tcp_port.value, OPTIONS.hep_udp_port.value);
});

interface Service {
  image: string;
  ports?: string[];
  environment: Record<string, string>;
  healthcheck?: unknown;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  mem_limit?: string;
  depends_on?: Record<string, { condition: string }>;
  volumes?: string[];
}

const { services } = parse(read('deploy/compose.yaml')) as { services: Record<string, Service> };

test('compose runs the collector beside Homer 7', () => {
  assert.deepEqual(Object.keys(services), ['sipcol', 'heplify-server', 'homer-app', 'db']);
});

test('compose publishes HEP and IPFIX on the default ports and the pages on loopback only', () => {
  assert.deepEqual(services['sipcol']?.ports, [
    `${HEP_PORT}:${HEP_PORT}/udp`,
    `${HEP_PORT}:${HEP_PORT}/tcp`,
    `${IPFIX_PORT}:${IPFIX_PORT}/tcp`,
    `127.0.0.1:${HTTP_PORT}:${HTTP_PORT}/tcp`,
  ]);
});

test('compose gives no host port twice', () => {
  const published = Object.values(services)
    .flatMap(({ ports }) => ports ?? [])
    .map((port) => {
      const [, host, protocol] = /(\d+):\d+\/(udp|tcp)$/.exec(port) ?? [];
      return `${host}/${protocol}`;
    });
  assert.equal(new Set(published).size, published.length);
});

test('compose takes from the collector every right it does not need', () => {
  const sipcol = services['sipcol'];
  assert.equal(sipcol?.read_only, true);
  assert.deepEqual(sipcol?.cap_drop, ['ALL']);
});

test('compose limits memory and new privileges of every service', () => {
  for (const [name, service] of Object.entries(services)) {
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
    assert.match(service.mem_limit ?? '', /^\d+[mg]$/, name);
  }
});

test('compose sets only options that exist', () => {
  const names = Object.keys(services['sipcol']?.environment ?? {}).filter((name) => name.startsWith('SIPCOL_'));
  for (const name of names) assert.ok(Object.hasOwn(OPTIONS, name.slice('SIPCOL_'.length).toLowerCase()), name);
});

test('compose starts nothing on a database that is not ready, and contains no password', () => {
  assert.notEqual(services['db']?.healthcheck, undefined);
  for (const name of ['heplify-server', 'homer-app']) {
    assert.equal(services[name]?.depends_on?.['db']?.condition, 'service_healthy');
  }
  const passwords = Object.values(services).flatMap(({ environment }) =>
    Object.entries(environment).filter(([name]) => name.endsWith('PASS') || name.endsWith('PASSWORD')),
  );
  assert.equal(passwords.length, 3);
  for (const [name, value] of passwords) assert.match(value, /^\$\{HOMER_DB_PASSWORD:\?/, name);
});

test('compose mounts only files that exist', () => {
  const mounts = Object.values(services).flatMap(({ volumes }) => volumes ?? []);
  for (const mount of mounts.filter((text) => text.startsWith('./'))) {
    assert.ok(existsSync(`deploy/${mount.split(':')[0]}`), mount);
  }
});

const agents = [
  { agent: 'Kamailio', file: 'kamailio.cfg' },
  { agent: 'OpenSIPS', file: 'opensips.cfg' },
  { agent: 'captagent', file: 'captagent-transport_hep.xml' },
  { agent: 'heplify', file: 'heplify.sh' },
  { agent: 'Asterisk', file: 'asterisk-hep.conf' },
  { agent: 'FreeSWITCH', file: 'freeswitch-sofia.conf.xml' },
  { agent: 'rtpengine', file: 'rtpengine.conf' },
  { agent: 'sngrep', file: 'sngreprc' },
];

for (const { agent, file } of agents) {
  test(`the snippet for ${agent} points at the default port and is listed`, () => {
    const snippet = read(`deploy/agents/${file}`);
    assert.match(snippet, /192\.0\.2\.1/);
    assert.ok(snippet.includes(HEP_PORT));
    assert.ok(read('deploy/agents/README.md').includes(`](${file})`));
    assert.ok(read('docs/agents.md').includes(agent));
  });
}

test('options named in the page about agents exist', () => {
  const page = read('docs/agents.md');
  const named = [...page.matchAll(/`(h(?:ep|ttp)_[a-z_]+|max_clock_skew)(?:=[^`]*)?`/g)].map(([, name]) => name ?? '');
  const ofAgents = new Set(['hep_mode_on', 'hep_version', 'hep_id', 'hep_retry_cooldown', 'hep_max_retries']);
  const ours = named.filter((name) => !ofAgents.has(name));
  assert.ok(ours.length > 10);
  for (const name of ours) assert.ok(Object.hasOwn(OPTIONS, name), name);
});

test('the service has no more rights than the image, and the receive buffer of the kernel fits the one asked for', () => {
  const unit = read('deploy/systemd/sipcol.service').split('\n');
  for (const line of ['DynamicUser=yes', 'ProtectSystem=strict', 'NoNewPrivileges=yes', 'CapabilityBoundingSet=']) {
    assert.ok(unit.includes(line), line);
  }
  const granted = Number(/^net\.core\.rmem_max=(\d+)$/m.exec(read('deploy/systemd/90-sipcol.conf'))?.[1]);
  assert.ok(granted >= OPTIONS.hep_rcvbuf.value);
});
