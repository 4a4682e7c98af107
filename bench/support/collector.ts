import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The program of this build, running as users start it. */
export interface Collector {
  readonly pid: number;
  readonly url: string;
  /** Port a listener of the log is on. */
  portOf(listener: string): number;
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>;
}

/**
 * Starts the program and waits for its ports.
 *
 * @param options of the command line besides addresses and rates
 */
export async function startCollector(options: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Collector> {
  // The compiled bench lies in .build/bench/support.
  const cli = fileURLToPath(new URL('../../src/cli.js', import.meta.url));
  const common = [
    '--hep_addr=127.0.0.1',
    '--ipfix_port=0',
    '--http_port=auto',
    // One address asks as often as it can.
    '--http_rate_limit=0',
  ];
  const program = spawn(process.execPath, [cli, 'serve', ...common, ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  const exited = once(program, 'exit');
  let log = '';
  const find = (listener: string): string | undefined =>
    new RegExp(`"listener":"${listener}".*?"port":(\\d+)`).exec(log)?.[1];
  program.stderr.setEncoding('utf8');
  while (find('http') === undefined) log += String((await once(program.stderr, 'data'))[0]);
  program.stderr.resume();
  return {
    pid: program.pid ?? -1,
    url: `http://127.0.0.1:${find('http')}`,
    portOf: (listener) => Number(find(listener)),
    async stop() {
      program.kill();
      await exited;
    },
  };
}
