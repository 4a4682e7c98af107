import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { ConfigError } from './config/config-error.ts';
import { hashPassword, MAX_PASSWORD_LENGTH } from './http/access/password.ts';
import { formatPasswordHash } from './model/password.ts';

/** A terminal, or whatever else a password comes from. */
interface Streams {
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable;
  stderr: Writable;
}

/**
 * `sipcol hash-password`: reads a password, from a terminal twice and unseen, else the first line of standard input, and
 * prints its hash. Not from the command line: others on the host can read that, and shells remember it.
 *
 * @returns the exit code
 * @throws ConfigError when there is no password to be hashed
 */
export async function runHashPassword(argv: readonly string[], { stdin, stdout, stderr }: Streams): Promise<number> {
  if (argv.length > 0) {
    throw new ConfigError('Unexpected argument: hash-password reads the password from the terminal or standard input');
  }
  const password = stdin.isTTY === true ? await askTwice(stdin, stderr) : await firstLine(stdin);
  if (password === '') throw new ConfigError('Cannot hash an empty password');
  if (password.length > MAX_PASSWORD_LENGTH) {
    throw new ConfigError(`Cannot hash the password: expected at most ${MAX_PASSWORD_LENGTH} characters`);
  }
  stdout.write(`${formatPasswordHash(await hashPassword(password))}\n`);
  return 0;
}

async function askTwice(terminal: Readable, stderr: Writable): Promise<string> {
  // The interface echoes what is typed to its output, so it gets none.
  const lines = createInterface({ input: terminal, terminal: true, historySize: 0 });
  const typed = lines[Symbol.asyncIterator]();
  const ask = async (prompt: string): Promise<string> => {
    stderr.write(prompt);
    const line = await typed.next();
    stderr.write('\n');
    return line.done === true ? '' : line.value;
  };
  try {
    const password = await ask('Password: ');
    if (password === '') return '';
    if ((await ask('Once more: ')) !== password) throw new ConfigError('Cannot hash the password: the two differ');
    return password;
  } finally {
    lines.close();
  }
}

async function firstLine(input: Readable): Promise<string> {
  const lines = createInterface({ input, crlfDelay: Infinity });
  for await (const line of lines) return line;
  return '';
}
