/**
 * The log: one JSON object a line for machines, one short line for a person at a terminal. Lines are written in
 * batches, so that a call does not pay for a write of its own; `flush` writes out what is still held.
 */

import pc from 'picocolors';
import sonic from 'sonic-boom';

export type LogFields = Readonly<Record<string, unknown>>;

export type Logger = {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  flush(): Promise<void>;
};

/** From the most talkative to none; each includes those after it. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type LoggerOptions = {
  readonly level: LogLevel;
  readonly pretty: boolean;
  /** Gets whole lines. Default: standard output, in batches unless pretty. */
  readonly write?: (line: string) => void;
  /** Clock time of a line, epoch ms. */
  readonly nowMs: () => number;
};

/** Lines are held until there are this many bytes, or for this long. */
const BATCH_BYTES = 8 * 1024;
const FLUSH_MS = 250;

export function createLogger(options: LoggerOptions): Logger {
  const { write, flush } =
    options.write === undefined ? standardOutput(options.pretty) : unbuffered(options.write);
  const lineOf = options.pretty ? prettyLine : jsonLine;
  const at = (level: 'debug' | 'info' | 'warn' | 'error'): Logger['info'] =>
    LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(options.level)
      ? () => undefined
      : (fields, message) => write(lineOf({ level, time: options.nowMs(), message }, fields));
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), flush };
}

/** For tests and for commands that print for themselves. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  flush: () => Promise.resolve(),
};

type Sink = { readonly write: (line: string) => void; readonly flush: () => Promise<void> };

const unbuffered = (write: (line: string) => void): Sink => ({ write, flush: () => Promise.resolve() });

function standardOutput(pretty: boolean): Sink {
  const boom = new sonic.SonicBoom({
    fd: 1,
    sync: false,
    ...(pretty ? {} : { minLength: BATCH_BYTES, periodicFlush: FLUSH_MS }),
  });
  // A reader that went away (`| head`) must not take the relay with it.
  boom.on('error', () => undefined);
  return {
    write: (line) => void boom.write(line),
    flush: () => new Promise((resolve) => boom.flush(() => resolve())),
  };
}

type Stamp = { readonly level: string; readonly time: number; readonly message: string };

const jsonLine = ({ level, time, message }: Stamp, fields: LogFields): string =>
  // The fields' own braces make way for ours: one object is built, not two.
  `{"level":"${level}","time":${Math.round(time)},"msg":${JSON.stringify(message)}${inner(JSON.stringify(fields))}}\n`;

const inner = (object: string): string => (object === '{}' ? '' : `,${object.slice(1, -1)}`);

const LEVEL_MARKS: Readonly<Record<string, string>> = {
  debug: pc.dim('debug'),
  info: pc.green('info '),
  warn: pc.yellow('warn '),
  error: pc.red('error'),
};

function prettyLine({ level, time, message }: Stamp, fields: LogFields): string {
  const clock = new Date(time).toTimeString().slice(0, 8);
  const rest = Object.entries(fields)
    .map(([name, value]) => `${pc.dim(`${name}=`)}${prettyValue(value)}`)
    .join(' ');
  return `${pc.dim(clock)} ${LEVEL_MARKS[level] ?? level} ${message} ${rest}\n`;
}

/** A text that could break the line, or pretend to be another, stands in quotes. */
const prettyValue = (value: unknown): string =>
  typeof value === 'string' && !/\p{Cc}/u.test(value) ? value : JSON.stringify(value);
