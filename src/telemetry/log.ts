import { type DestinationStream, destination, pino } from 'pino';
import type { Log, LogLevelControl } from '../model/log.ts';
import type { LogSettings } from '../model/settings.ts';

/** pino's level by the reference program's number from -3 (bug) to 3 (debug); we write nothing at "notice". */
const LEVELS = ['fatal', 'fatal', 'error', 'warn', 'warn', 'info', 'debug'] as const;
const LOWEST = -3;

const STDERR = 2;

/** The program's log, whose level can be changed while it runs. */
export interface ProgramLog extends Log {
  readonly level: LogLevelControl;
}

/** Where log lines go; a line comes with its line feed. */
export type LogStream = DestinationStream;

/**
 * The program's log: standard error, because standard output belongs to the final report and the event log.
 * Written synchronously, so that the last line before an exit is not lost.
 */
export function createLog(
  settings: LogSettings,
  stream: LogStream = destination({ dest: STDERR, sync: true }),
): ProgramLog {
  const target: LogStream =
    settings.format === 'json' ? stream : { write: (line) => stream.write(`${formatLine(line)}\n`) };
  let { level } = settings;
  const lines = pino(
    {
      level: pinoLevel(level),
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    target,
  );
  return {
    debug: (fields, message) => lines.debug(fields, message),
    info: (fields, message) => lines.info(fields, message),
    warn: (fields, message) => lines.warn(fields, message),
    error: (fields, message) => lines.error(fields, message),
    level: {
      get: () => level,
      set(wanted) {
        level = wanted;
        lines.level = pinoLevel(wanted);
      },
    },
  };
}

function pinoLevel(level: number): string {
  return LEVELS[level - LOWEST] ?? 'info';
}

/** Turns a JSON log line into `time LEVEL message key=value …`, on one line whatever the values hold. */
export function formatLine(json: string): string {
  const { time, level, msg, ...fields } = JSON.parse(json) as Record<string, unknown>; // pino writes objects
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${formatValue(value)}`);
  return `${String(time)} ${String(level).toUpperCase().padEnd(5)} ${escapeControls(String(msg))}${rest.join('')}`;
}

function formatValue(value: unknown): string {
  // Texts that could be mistaken for something else, or that would break the line, are quoted.
  return typeof value === 'string' && /^[^\s"=\p{C}]+$/u.test(value) ? value : escapeControls(JSON.stringify(value));
}

/** What JSON leaves as it is but a terminal acts upon, too: C1 controls, and marks that change the direction. */
function escapeControls(text: string): string {
  return text.replace(/\p{C}/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
