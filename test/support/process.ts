import { type ChildProcess, spawn } from 'node:child_process';
import { after } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

const running = new Set<ChildProcess>();
const killAll = (): void => {
  for (const child of running) child.kill('SIGKILL');
};
process.on('exit', killAll);
// A program that a failed test left behind would keep its file from ever ending.
after(killAll);

/** A program a test started: what it said, and an end that is certain. */
export interface Program {
  readonly name: string;
  readonly pid: number;
  /** Everything written so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves with the exit code, or with the signal's name. */
  readonly exited: Promise<number | string>;
  readonly isRunning: boolean;
  /** Asks the program to end and, when it has not within the time given, makes it. */
  stop(graceMs?: number): Promise<number | string>;
}

export interface StartOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

export function start(command: string, args: readonly string[], options: StartOptions = {}): Program {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  running.add(child);
  let stdout = '';
  let stderr = '';
  let over = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exited = new Promise<number | string>((resolve) => {
    const end = (how: number | string): void => {
      over = true;
      running.delete(child);
      resolve(how);
    };
    child.once('error', (error) => end(error.message));
    // `close` comes after the last output was read.
    child.once('close', (code, signal) => end(code ?? signal ?? 'unknown'));
  });
  return {
    name: command,
    pid: child.pid ?? -1,
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
    get isRunning() {
      return !over;
    },
    exited,
    async stop(graceMs = 10_000) {
      child.kill('SIGTERM');
      const inTime = await Promise.race([exited.then(() => true), delay(graceMs, false, { ref: false })]);
      if (!inTime) child.kill('SIGKILL');
      return exited;
    },
  };
}

/**
 * Asks again and again until `probe` answers something, for things no program announces. Fails loudly: `describe` says
 * what was there when the time was over.
 */
export async function until<T>(
  what: string,
  limitMs: number,
  probe: () => T | undefined | Promise<T | undefined>,
  describe: () => string = () => '',
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${limitMs} ms\n${describe()}`);
    await delay(25);
  }
}
