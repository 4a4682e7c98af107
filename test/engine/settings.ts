import { loadConfig } from '../../src/config/load.ts';
import { toEngineSettings } from '../../src/config/settings.ts';
import type { Log } from '../../src/model/log.ts';
import type { EngineSettings } from '../../src/model/settings.ts';

/** The default configuration on loopback and ephemeral ports. */
export function loopbackSettings(...argv: string[]): EngineSettings {
  const given = [
    '--hep_addr=127.0.0.1',
    '--hep_udp_port=auto',
    '--hep_tcp_port=auto',
    '--ipfix_addr=127.0.0.1',
    '--ipfix_port=auto',
    ...argv,
  ];
  return toEngineSettings(loadConfig({ argv: given, env: {}, readFile: () => '' }).config);
}

/** A log that keeps its lines. */
export class KeptLog implements Log {
  readonly lines: string[] = [];
  debug(_fields: object, message: string): void {
    this.lines.push(`debug ${message}`);
  }
  info(_fields: object, message: string): void {
    this.lines.push(`info ${message}`);
  }
  warn(_fields: object, message: string): void {
    this.lines.push(`warn ${message}`);
  }
  error(_fields: object, message: string): void {
    this.lines.push(`error ${message}`);
  }
}
