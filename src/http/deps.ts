import type { Aliases, AliasStore } from '../model/alias.ts';
import type { CounterSet } from '../model/counters.ts';
import type { Diagnosis } from '../model/diagnosis.ts';
import type { Engine } from '../model/engine.ts';
import type { Log, LogLevelControl } from '../model/log.ts';
import type { Clock } from '../model/ports.ts';
import type { AccessSettings, LinkOut, ShareSettings } from '../model/settings.ts';
import type { CertificateView } from '../model/views.ts';
import type { SeriesSource, StatisticsSource } from '../model/statistics.ts';

export interface AboutInfo {
  name: string;
  version: string;
  /** Version of Node.js. */
  node: string;
  /** How datagrams are received, for example `dgram`. */
  receiveMethod: string;
  dependencies: readonly { name: string; version: string; licence: string }[];
}

/** One option as it is in effect; secrets are already hidden. */
export interface ConfigRow {
  name: string;
  value: string;
  /** Where the value came from. */
  source: string;
  default: string;
  doc: string;
  env: string;
  unit: string;
}

export type CounterColumns = Pick<CounterSet, 'values' | 'maxima'>;

/** Everything the pages are made of; given once, by whoever starts the process. */
export interface HttpDeps {
  engine: Engine;
  counters: () => CounterColumns;
  /** Adds one to a counter. */
  count: (index: number) => void;
  clock: Clock;
  statistics: StatisticsSource;
  series: SeriesSource;
  about: AboutInfo;
  config: readonly ConfigRow[];
  settings: AccessSettings;
  /** What TLS needs, PEM; with `ca` a client certificate is required. */
  tls?: { cert: string; key: string; ca?: string };
  /** What is in the certificate files that are in use. */
  certificates: readonly CertificateView[];
  /** How many calls are kept under short links, and for how long. */
  shareSettings: ShareSettings;
  /** Other tools that a call leads to. */
  linksOut: readonly LinkOut[];
  /** Names of addresses. */
  aliases: Aliases;
  /** Where names are changed. */
  aliasStore: AliasStore;
  diagnosis: Diagnosis;
  log: Log;
  logLevel: LogLevelControl;
}
