import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { readCertificates, type TlsFiles } from './certificates.ts';
import { AliasFile } from './config/alias-file.ts';
import { describeConfig } from './config/describe.ts';
import type { LoadedConfig } from './config/load.ts';
import type { Config } from './config/schema.ts';
import {
  engineThreads,
  settleMode,
  toEngineSettings,
  toHttpSettings,
  toLogSettings,
  toShareSettings,
} from './config/settings.ts';
import { systemClock } from './engine/clock.ts';
import { ThreadDiagnosis } from './engine/diagnosis.ts';
import { EngineClient } from './engine/engine-client.ts';
import { ShardedEngine } from './engine/shards/sharded-engine.ts';
import { buildApp } from './http/app.ts';
import type { CaptureSummary } from './model/capture.ts';
import { resolveGroups } from './model/counter-groups.ts';
import { formatEndpoint, isLoopback } from './model/endpoint.ts';
import type { Log } from './model/log.ts';
import type { HttpSettings } from './model/settings.ts';
import type { EngineSettings } from './model/settings.ts';
import type { ListenerView } from './model/views.ts';
import { aboutPackage, type PackageInfo } from './package-info.ts';
import { createLog } from './telemetry/log.ts';
import { EventFeed } from './sinks/event-feed.ts';
import type { JsonContext } from './sinks/event-json.ts';
import { EventLog } from './sinks/event-log.ts';
import { FileOutput, type LineOutput, StreamOutput } from './sinks/line-output.ts';
import { showCaptureProgress } from './telemetry/capture-progress.ts';
import { finalLine, type FinalReport, finalReport } from './telemetry/report.ts';
import { Series } from './telemetry/series.ts';
import { Statistics } from './telemetry/statistics.ts';

const OBSERVE_MS = 1000;
/** Part of the stop time-out kept back for closing pages and the report. */
const STOP_RESERVE_MS = 1000;
/** Part of the stop time-out the last events have for being written. */
const FEED_LIMIT = 0.5;
/** Added to `end_force_timeout` when no `end_wait` is given: the timers' resolution and some. */
const END_WAIT_EXTRA_MS = 250;

/** What a missing optional package costs, and how to get it. */
const MISSING_PACKAGES: Readonly<Record<string, string>> = {
  cap: 'no capture through libpcap on this host, which nothing else needs; for it install g++, make, python3 and libpcap-dev, then run npm ci again',
};

/**
 * Runs the collector until it is told to stop: configuration → engine → pages → signals → report.
 *
 * @returns the exit code: 0 after an orderly stop, 1 when something could not be started or kept running
 */
export async function serve(loaded: LoadedConfig): Promise<number> {
  const { config, staysUp } = settleMode(loaded);
  const log = createLog(toLogSettings(config));
  const about = aboutPackage();
  for (const name of about.missing) {
    log.info({ package: name }, `optional package "${name}" is not installed: ${MISSING_PACKAGES[name] ?? ''}`);
  }
  const stopRequested = stopSignal(log);
  const clock = systemClock();
  let output: LineOutput | undefined;
  try {
    output = await openEventLog(config.event_log);
  } catch (error) {
    log.error({}, `cannot open event_log "${config.event_log}": ${messageOf(error)}`);
    return 1;
  }
  const engineSettings = toEngineSettings(config);
  const engine = makeEngine(config, engineSettings, log, (reason) => stopRequested.fail(reason));
  const startedMs = performance.now();
  let listeners: ListenerView[];
  try {
    listeners = await engine.start();
  } catch (error) {
    log.error({}, messageOf(error));
    return 1;
  }
  // Counters may have come back from a state file: rates and averages begin there.
  const statistics = new Statistics(
    () => engine.counters.values,
    () => performance.now(),
  );
  const feed =
    output === undefined
      ? undefined
      : feedEventLog(output, engine, { startedUs: clock(), version: about.version, dump: engineSettings.dump }, log);
  const series = new Series(
    () => engine.counters.values,
    () => performance.now(),
    clock,
  );
  const observing = setInterval(() => {
    statistics.observe();
    series.observe();
  }, OBSERVE_MS);
  const http = toHttpSettings(config);
  const aliasFile = new AliasFile(config.aliases_file, config.aliases, loaded.aliases);
  const app = buildApp({
    engine,
    counters: () => engine.counters,
    count: (index) => engine.ownCounters.add(index, 1),
    clock,
    statistics,
    series,
    about: aboutPages(about, listeners),
    config: describeConfig({ ...loaded, config }),
    settings: http,
    certificates: readCertificates(tlsFiles(config), log),
    shareSettings: toShareSettings(config),
    linksOut: config.links_out,
    aliases: aliasFile.names,
    aliasStore: aliasFile,
    ...(http.tls === undefined ? {} : { tls: readTls(http.tls) }),
    diagnosis: new ThreadDiagnosis(config.debug_dir, engine.threads, () => new Date()),
    log,
    logLevel: log.level,
  });
  try {
    await openPages(app, http, log);
  } catch (error) {
    log.error(
      {},
      `cannot listen for HTTP on ${formatEndpoint(config.http_addr, Number(config.http_port))}: ${messageOf(error)}`,
    );
    stopRequested.fail('no pages');
  }

  // Without a listener there is no other input.
  if (listeners.length === 0) void engine.played.then(() => statistics.stop());
  const playing = config.pcap.length > 0 ? watchFiles(engine, staysUp, stopRequested, log) : undefined;
  const failure = await stopRequested.requested;
  const runTimeMs = performance.now() - startedMs;
  const forceTimeoutMs = config.end_force_timeout;
  const waitMs = config.end_wait === 0 && forceTimeoutMs > 0 ? forceTimeoutMs + END_WAIT_EXTRA_MS : config.end_wait;
  const graceMs = Math.max(0, Math.min(STOP_RESERVE_MS, config.stop_timeout - STOP_RESERVE_MS));
  // An output that takes nothing any more must not keep the engine from ending.
  const finish = (): Promise<void> =>
    withDeadline(feed?.finish() ?? Promise.resolve(), FEED_LIMIT * config.stop_timeout);
  const read = (index: number): number => engine.counters.values[index] ?? 0;
  // The configuration was refused if a group did not exist.
  const groups = resolveGroups(config.stats_groups);
  const report = (): FinalReport => ({
    runTimeMs,
    ...(playing === undefined ? {} : { capture: playing.result() }),
    read,
    readSinceStart: statistics.sinceStart,
    readMax: (index: number): number => engine.counters.maxima[index] ?? 0,
    groups: 'groups' in groups ? groups.groups : [],
    endForceTimeoutMs: forceTimeoutMs,
    endWaitMs: waitMs,
  });
  // After files nothing more comes in: what the calls still do belongs to the last line only.
  const isOver = !staysUp && playing?.isDone() === true;
  if (isOver) process.stdout.write(finalReport(report()));
  await withDeadline(engine.stop({ graceMs, forceTimeoutMs, waitMs }, finish), config.stop_timeout + waitMs);
  // An engine that was gone already has not asked for it.
  await finish();
  clearInterval(observing);
  await withDeadline(app.close(), STOP_RESERVE_MS);
  process.stdout.write((isOver ? '' : finalReport(report())) + finalLine(report()));
  if (failure !== undefined) log.error({}, failure);
  return failure === undefined ? 0 : 1;
}

/** One engine thread or several, which the rest of the program cannot tell apart. */
type RunningEngine = EngineClient | ShardedEngine;

function makeEngine(
  config: Config,
  settings: EngineSettings,
  log: Log,
  onFatal: (reason: string) => void,
): RunningEngine {
  const threads = engineThreads(config, availableParallelism());
  const wanted = config.engine_threads;
  if (wanted !== 'auto' && wanted > threads) {
    log.warn(
      { engine_threads: wanted },
      'one engine thread only: with captured packets, call files or state_dir there cannot be more',
    );
  }
  if (threads === 1) return new EngineClient(settings, log, onFatal);
  log.info({ threads }, 'several engine threads share the calls');
  return new ShardedEngine(settings, threads, log, onFatal);
}

async function openEventLog(where: string): Promise<LineOutput | undefined> {
  if (where === '') return undefined;
  return where === 'stdout' ? new StreamOutput(process.stdout) : FileOutput.open(where);
}

function feedEventLog(output: LineOutput, engine: RunningEngine, context: JsonContext, log: Log): EventFeed {
  const eventLog = new EventLog(output, context, engine.ownCounters);
  if (output instanceof FileOutput) {
    process.on('SIGHUP', () => {
      eventLog.reopen().then(
        () => log.info({}, 'event_log opened again'),
        (error: unknown) => log.error({ err: error }, 'cannot open event_log again: the old file is written on'),
      );
    });
  }
  const feed = new EventFeed(engine, eventLog, engine.ownCounters, log);
  feed.start();
  return feed;
}

interface Playing {
  /** How the files went, as far as they have been played. */
  result(): { runTimeMs: number; summary: CaptureSummary };
  isDone(): boolean;
}

/** Follows the playing of capture files: progress on a terminal, and the end of the program with the end of the files. */
function watchFiles(engine: RunningEngine, staysUp: boolean, stop: StopRequest, log: Log): Playing {
  const startedMs = performance.now();
  const progress = showCaptureProgress(process.stderr, (index) => engine.counters.get(index));
  let played: { runTimeMs: number; summary: CaptureSummary } | undefined;
  void engine.played.then((summary) => {
    progress.stop();
    played = { runTimeMs: performance.now() - startedMs, summary };
    if (staysUp) log.info({ packets: summary.packets }, 'capture files played: staying up');
    else if (summary.isFailed) stop.fail(`cannot play capture files: ${summary.problems.join('; ')}`);
    else stop.finish();
  });
  return {
    result: () => {
      progress.stop();
      const summary = { recordedMs: 0, packets: 0, bytes: 0, problems: [], isFailed: false };
      return played ?? { runTimeMs: performance.now() - startedMs, summary };
    },
    isDone: () => played !== undefined,
  };
}

function aboutPages(
  about: PackageInfo,
  listeners: readonly ListenerView[],
): {
  name: string;
  version: string;
  node: string;
  receiveMethod: string;
  dependencies: PackageInfo['dependencies'];
} {
  const { name, version, dependencies } = about;
  const receiveMethod = listeners.find((listener) => listener.receiveMethod !== null)?.receiveMethod ?? 'nothing';
  return { name, version, node: process.version, receiveMethod, dependencies };
}

/** Listeners that speak TLS, with their files. */
function tlsFiles(config: Config): TlsFiles[] {
  const listeners = [
    { listener: 'http', prefix: 'http', isOn: config.http_port !== 0 },
    { listener: 'hep-tls', prefix: 'hep', isOn: config.hep_tls_port !== 0 },
    { listener: 'ipfix-tls', prefix: 'ipfix', isOn: config.ipfix_port !== 0 },
  ] as const;
  return listeners
    .filter(({ isOn }) => isOn)
    .map(({ listener, prefix }) => ({
      listener,
      files: [
        { option: `${prefix}_tls_cert`, path: config[`${prefix}_tls_cert`], use: 'own' as const },
        { option: `${prefix}_tls_ca`, path: config[`${prefix}_tls_ca`], use: 'authority' as const },
      ].filter(({ path }) => path !== ''),
    }));
}

/** The files were readable when the configuration was checked. */
function readTls({ cert, key, ca }: NonNullable<HttpSettings['tls']>): { cert: string; key: string; ca?: string } {
  const read = (path: string): string => readFileSync(path, 'utf8');
  return { cert: read(cert), key: read(key), ...(ca === undefined ? {} : { ca: read(ca) }) };
}

async function openPages(app: ReturnType<typeof buildApp>, settings: HttpSettings, log: Log): Promise<void> {
  const { addr, port, tls, users, proxies } = settings;
  if (port < 0) return;
  await app.listen({ host: addr, port });
  // A listening TCP server has an address with a port.
  const bound = app.server.address() as AddressInfo;
  const everywhere = bound.address === '0.0.0.0' || bound.address === '::';
  const host = formatEndpoint(everywhere ? '127.0.0.1' : bound.address, bound.port);
  const url = `${tls === undefined ? 'http' : 'https'}://${host}/`;
  log.info({ listener: 'http', address: addr, port: bound.port, url }, 'listening');
  if (users.length > 0 && tls === undefined && proxies.length === 0 && !isLoopback(bound.address)) {
    log.warn(
      { listener: 'http' },
      'passwords come in the clear: set http_tls_cert, or http_trusted_proxies where a proxy speaks TLS',
    );
  }
  log.info({ url }, `sipcol is running: open ${url}`);
}

interface StopRequest {
  /** Resolves with the reason of a failure, or with `undefined` when somebody asked for the end. */
  requested: Promise<string | undefined>;
  fail(reason: string): void;
  /** The input has ended and nothing more is to come. */
  finish(): void;
}

/** The first SIGINT or SIGTERM asks for an orderly stop, the second ends the process at once. */
function stopSignal(log: Log): StopRequest {
  let settle: (reason: string | undefined) => void = () => undefined;
  const requested = new Promise<string | undefined>((resolve) => {
    settle = resolve;
    let asked = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (asked) {
        process.stderr.write('sipcol: second signal, ending at once\n');
        process.exit(1);
      }
      asked = true;
      log.info({ signal }, 'stopping');
      resolve(undefined);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
  return { requested, fail: (reason) => settle(reason), finish: () => settle(undefined) };
}

async function withDeadline(work: Promise<unknown>, deadlineMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deadlineMs);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
