import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ConfigError } from '../../src/config/config-error.ts';
import { describeConfig, printConfig } from '../../src/config/describe.ts';
import { type Config, envName, OPTION_NAMES, OPTIONS, optionOf, shownText } from '../../src/config/schema.ts';
import { formatAlias } from '../../src/model/alias.ts';
import { configCases, load, loadCase } from './cases.ts';

for (const row of configCases('.good.json')) {
  test(`loadConfig() takes ${row.name}`, () => {
    const shown = new Map<string, string>(describeConfig(loadCase(row)).map(({ name, value }) => [name, value]));
    for (const [name, value] of Object.entries(row.expect ?? {})) assert.equal(shown.get(name), value, name);
    assert.ok(Object.keys(row.expect ?? {}).length > 0);
  });
}

for (const row of configCases('.bad.json')) {
  test(`loadConfig() refuses ${row.name}`, () => {
    assert.throws(
      () => loadCase(row),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.code, 'CONFIG_INVALID');
        assert.equal(error.message, row.error);
        assert.doesNotMatch(error.message, /\n/);
        if (row.hidden !== undefined) assert.ok(!error.message.includes(row.hidden));
        return true;
      },
    );
  });
}

test('loadConfig() without any source answers the defaults of the contract', () => {
  const { config, sources } = load({});
  assert.equal(sources.size, 0);
  const expected: Partial<Config> = {
    hep_addr: '0.0.0.0',
    hep_udp_port: 9060,
    hep_tcp_port: 9060,
    hep_tls_port: 0,
    hep_rcvbuf: 8 * 1024 * 1024,
    hep_max_message: 65_535,
    hep_max_chunks: 256,
    hep_max_inflated: 256 * 1024,
    hep_max_inflate_ratio: 100,
    hep_max_connections: 4096,
    hep_max_connections_per_address: 1024,
    hep_idle_timeout: 0,
    hep_message_timeout: 30_000,
    hep_max_agents: 4096,
    ipfix_addr: '0.0.0.0',
    ipfix_port: 4739,
    ipfix_tls_cert: '',
    ipfix_tls_key: '',
    ipfix_tls_ca: '',
    ipfix_allow: [],
    ipfix_timeout_min: 0,
    ipfix_timeout_max: 0,
    ipfix_ignore_ingress: false,
    ipfix_ignore_egress: false,
    ipfix_qos: true,
    qos_hold: 60_000,
    hep_allow: [],
    hep_auth_key: [],
    hep_auth_listeners: ['udp', 'tcp', 'tls'],
    http_addr: '127.0.0.1',
    http_port: 8060,
    http_tokens: [],
    http_allow_anonymous: false,
    calls_max_entries: 0,
    calls_max_forks: 64,
    calls_timeouts: new Map(),
    dup_window: 50,
    max_clock_skew: 5000,
    callid_aleg_header: ['X-CID'],
    sip_max_headers: 256,
    event_buffer_size: 10_240,
    event_types_blst: [],
    stats_groups: ['all'],
    log_level: 2,
    log_format: 'json',
    fault_log_interval: 10_000,
    stop_timeout: 10_000,
    run_forever: false,
    end_force_timeout: 0,
    end_wait: 0,
  };
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(config[name as keyof Config], value, name);
});

test('loadConfig() lets the later source win, and says which it was', () => {
  const files = { 'test.yaml': 'http_port: 3\nhep_udp_port: 3\nhep_tcp_port: 3' };
  const packageDefaults = '{ "http_port": 2, "hep_udp_port": 2, "hep_tcp_port": 2, "event_buffer_size": 2 }';
  const env = { SIPCOL_HTTP_PORT: '4', SIPCOL_HEP_UDP_PORT: '4', HTTP_PORT: '9' };
  const argv = ['--config=test.yaml', '--http_port=5'];
  const { config, sources } = load({ files, packageDefaults, env, argv });
  assert.equal(config.http_port, 5);
  assert.equal(sources.get('http_port'), 'command line');
  assert.equal(config.hep_udp_port, 4);
  assert.equal(sources.get('hep_udp_port'), 'environment');
  assert.equal(config.hep_tcp_port, 3);
  assert.equal(sources.get('hep_tcp_port'), 'file');
  assert.equal(config.event_buffer_size, 2);
  assert.equal(sources.get('event_buffer_size'), 'file');
  assert.equal(sources.get('hep_addr'), undefined);
});

test('loadConfig() takes the last of equal options on the command line', () => {
  assert.equal(load({ argv: ['-p', '1', '--http_port', '2'] }).config.http_port, 2);
});

test('loadConfig() reads the file of SIPCOL_CONFIG, but rather that of --config', () => {
  const files = { 'one.json': '{"http_port": 1}', 'two.yml': 'http_port: 2' };
  const env = { SIPCOL_CONFIG: 'one.json' };
  assert.equal(load({ files, env }).config.http_port, 1);
  assert.equal(load({ files, env, argv: ['-config', 'two.yml'] }).config.http_port, 2);
});

test('loadConfig() takes an empty file, and an empty variable for none', () => {
  const { sources } = load({
    files: { 'a.yaml': '# nothing\n' },
    argv: ['--config=a.yaml'],
    env: { SIPCOL_HEP_ADDR: '' },
  });
  assert.equal(sources.size, 0);
});

test('loadConfig() passes over what Kubernetes and Docker set for a service of our name, and what tests are told', () => {
  const env = {
    SIPCOL_SERVICE_HOST: '10.0.0.1',
    SIPCOL_SERVICE_PORT: '8060',
    SIPCOL_SERVICE_PORT_HTTP: '8060',
    SIPCOL_PORT: 'tcp://10.0.0.1:8060',
    SIPCOL_PORT_9060_UDP: 'udp://10.0.0.1:9060',
    SIPCOL_PORT_9060_UDP_ADDR: '10.0.0.1',
    SIPCOL_HTTP_PORT: 'tcp://10.0.0.2:80',
    SIPCOL_HTTP_PORT_80_TCP_PROTO: 'tcp',
    SIPCOL_REQUIRE_INTEROP: '1',
    SIPCOL_CLI: 'dist/cli.js',
  };
  assert.equal(load({ env }).sources.size, 0);
});

for (const { name, file, text, line } of [
  { name: 'broken JSON', file: 'a.json', text: '{"http_tokens": "hush:admin"\n"x"}', line: 'not valid JSON at line 2' },
  {
    name: 'broken YAML',
    file: 'a.yaml',
    text: 'http_port: 1\nhttp_tokens: [hush:admin',
    line: 'not valid YAML at line 2',
  },
  { name: 'a key twice', file: 'a.yaml', text: 'http_port: 1\nhttp_port: 2', line: 'not valid YAML at line 2' },
]) {
  test(`loadConfig() says where a file has ${name} without quoting it`, () => {
    assert.throws(() => load({ files: { [file]: text }, argv: ['--config', file] }), {
      code: 'CONFIG_INVALID',
      message: `Cannot read config "${file}": ${line}`,
    });
  });
}

test('loadConfig() does not blow up on aliases of aliases', () => {
  const levels = Array.from({ length: 9 }, (_, n) => `k${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}]`);
  const text = ['k0: &a0 [x]', ...levels].join('\n');
  assert.throws(() => load({ files: { 'a.yaml': text }, argv: ['--config', 'a.yaml'] }), { code: 'CONFIG_INVALID' });
});

test('describeConfig() tells value, source, default, environment name and unit of every option', () => {
  const views = describeConfig(load({ argv: ['--hep_max_inflated=1MiB', '--http_tokens=hush:viewer'] }));
  assert.equal(views.length, OPTION_NAMES.length);
  assert.deepEqual(
    views.find((view) => view.name === 'hep_max_inflated'),
    {
      name: 'hep_max_inflated',
      value: '1MiB',
      source: 'command line',
      default: '256KiB',
      doc: 'largest size of one compressed payload or message after inflating',
      env: 'SIPCOL_HEP_MAX_INFLATED',
      unit: 'octets',
    },
  );
  assert.equal(views.find((view) => view.name === 'hep_auth_key')?.value, '');
  assert.ok(!JSON.stringify(views).includes('hush'));
});

test('printConfig() writes a file that loads as the same configuration, secrets hidden', () => {
  const argv = ['--http_port=auto', '--hep_allow=10.0.0.0/8', '--calls_timeouts=inv_1st:90s', '-log_level=0'];
  const before = load({ argv });
  const printed = printConfig(before);
  assert.deepEqual(load({ argv: ['--config=p.json'], files: { 'p.json': printed } }).config, before.config);
  assert.ok(!printConfig(load({ argv: ['--hep_auth_key=hush'] })).includes('hush'));
});

test('every option has a description, a unit where there is one, and a default that its own kind reads', () => {
  for (const name of OPTION_NAMES) {
    const { kind, written, value, doc } = optionOf(name);
    assert.match(doc, /^[a-z].*[^.]$/, name);
    assert.match(envName(name), /^SIPCOL_[A-Z_]+$/);
    assert.deepEqual(kind.read(written), { ok: true, value }, name);
    assert.equal(shownText(kind.show(value)), written, name);
  }
  assert.equal(OPTIONS.hep_rcvbuf.value, 8_388_608);
});

test('config/default.json is taken, and changes nothing that the schema does not say', () => {
  const { sources } = load({ packageDefaults: readFileSync('config/default.json', 'utf8') });
  assert.equal(sources.size, 0);
});

test('config/example.yaml names every option, and with all of them set it loads as the defaults', () => {
  const example = readFileSync('config/example.yaml', 'utf8');
  assert.equal(load({ files: { 'a.yaml': example }, argv: ['--config=a.yaml'] }).sources.size, 0);
  const names = [...example.matchAll(/^# ([a-z_]+): /gm)].map((match) => match[1] ?? '');
  assert.deepEqual(names.toSorted(), OPTION_NAMES.toSorted());
  const text = example.replaceAll(/^# ([a-z_]+: )/gm, '$1');
  assert.deepEqual(load({ files: { 'a.yaml': text }, argv: ['--config=a.yaml'] }).config, load({}).config);
});

test('aliases_file holds aliases line by line, with comments, and those of aliases are added', () => {
  const files = { names: '# ours\r\n192.0.2.1:5060=sbc one\r\n\r\n  [2001:db8::1]:5060 = six ; inside \n' };
  const { aliases } = load({ argv: ['--aliases=10.0.0.0/8=core', '--aliases_file=names'], files });
  assert.deepEqual(aliases.map(formatAlias), [
    '10.0.0.0/8=core',
    '192.0.2.1:5060=sbc one',
    '[2001:db8::1]:5060=six;inside',
  ]);
});

test('the aliases of docs/ladder.md can be read', () => {
  const example = /```yaml\n(aliases:\n[^]*?)```/.exec(readFileSync('docs/ladder.md', 'utf8'))?.[1] ?? '';
  const { aliases } = load({ argv: ['--config=c.yaml'], files: { 'c.yaml': example, '/etc/sipcol/aliases': '' } });
  assert.deepEqual(aliases.map(formatAlias), [
    '192.0.2.10=SBC Frankfurt;ours',
    '198.51.100.0/24=Example Telecom;carriers',
    '198.51.100.7:5080=Example Telecom fax',
    '[2001:db8::10]:5061=SBC Frankfurt;ours',
  ]);
});

test('an aliases_file that is not there, has a line nobody can read, or has too many is refused', () => {
  const refused = (text: string | undefined, error: string): void =>
    assert.throws(
      () => load({ argv: ['--aliases_file=names'], ...(text === undefined ? {} : { files: { names: text } }) }),
      {
        message: error,
      },
    );
  refused(undefined, 'Cannot read aliases_file "names": no such file');
  refused(
    '192.0.2.1=a\nnonsense\n',
    'Cannot use aliases_file "names": line 2 is "nonsense", expected address=name or address=name;group',
  );
  const many = Array.from({ length: 4097 }, (_, n) => `10.0.${n >> 8}.${n & 255}=n${n}`).join('\n');
  refused(many, 'Cannot use aliases: there are 4097 with those of aliases_file, at most 4096');
});
