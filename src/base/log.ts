/**
 * The log: structured lines by pino, JSON for machines, one short line per event for a person at a terminal. The only
 * place that imports pino. Lines are written in batches: a call does not wait for its log.
 */

import pc from 'picocolors';
import { pino } from 'pino';

export type LogFields = Readonly<Record<string, unknown>>;

export type Logger = {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** Writes out what is still held. */
  flush(): void;
};

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `write` gets whole lines; without it the log goes to standard output. */
export function createLogger(options: {
  readonly level: LogLevel;
  readonly pretty: boolean;
  readonly write?: (line: string) => void;
}): Logger {
  const { write } = options;
  if (options.pretty) {
    const stream = { write: (line: string) => (write ?? writeOut)(prettyLine(line)) };
    return withFlush(pino({ level: options.level, base: null }, stream), () => undefined);
  }
  if (write !== undefined)
    return withFlush(pino({ level: options.level, base: null }, { write }), () => undefined);
  const destination = pino.destination({ sync: false });
  return withFlush(pino({ level: options.level, base: null }, destination), () => {
    try {
      destination.flushSync();
    } catch {
      // The destination was not open yet, or is gone: there is nowhere to write to.
    }
  });
}

/** A logger for tests and for commands that print for themselves. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  flush: () => undefined,
};

const writeOut = (line: string): void => {
  process.stdout.write(line);
};

function withFlush(logger: pino.Logger, flush: () => void): Logger {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    flush,
  };
}

const LEVEL_MARKS: Readonly<Record<number, string>> = {
  20: pc.dim('debug'),
  30: pc.green('info '),
  40: pc.yellow('warn '),
  50: pc.red('error'),
};

function prettyLine(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as { level: number; time: number; msg: string };
  const clock = new Date(time).toTimeString().slice(0, 8);
  const rest = Object.entries(fields)
    .map(
      ([name, value]) =>
        `${pc.dim(`${name}=`)}${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
    )
    .join(' ');
  return `${pc.dim(clock)} ${LEVEL_MARKS[level] ?? level} ${msg} ${rest}\n`;
}
