/**
 * `sluice diagnose`: what a refusal means, whose limit it was, when it passes, what the relay does about it and what
 * an operator can do. Judges by the classifier and the table that the relay itself uses.
 */

import { closeSync, openSync, readSync } from 'node:fs';
import { Command, Option } from 'commander';
import pc from 'picocolors';
import { systemClock } from '../base/clock.ts';
import { nearestWord } from '../config/nearest.ts';
import { providerOf, providers } from '../providers/index.ts';
import type { Provider } from '../providers/provider.ts';
import { diagnosisOf } from './diagnose/diagnosis.ts';
import { reportText } from './diagnose/report.ts';

type Flags = {
  readonly file?: string;
  readonly provider?: string;
  readonly status?: string;
  readonly json?: boolean;
};

export type DiagnoseDoors = {
  /** At most so many bytes of a file; throws when it cannot be read. */
  readFile(path: string, limitBytes: number): Uint8Array;
  /** At most so many bytes of what is piped in; undefined when nothing is. */
  readPipe(limitBytes: number): Promise<Uint8Array | undefined>;
  write(text: string): void;
  writeError(text: string): void;
  setExitCode(code: number): void;
  nowMs(): number;
  readonly width: number;
  readonly color: boolean;
  /** The machine's own when absent. */
  readonly timeZone?: string;
};

/** As much as is looked at. */
const INPUT_LIMIT = 1024 * 1024;

const UNRECOGNISED = 1;
const WRONG_USAGE = 2;

class UsageError extends Error {}

export function diagnoseCommand(doors: DiagnoseDoors): Command {
  return new Command('diagnose')
    .description('say what an error of a provider means, when it passes and what to do')
    .argument('[text...]', 'an error body, a log line, what curl -i printed; or piped in')
    .option('-f, --file <file>', 'read it from a file (-: the pipe)')
    .option('-p, --provider <id>', 'whose answer it is, instead of a guess')
    .option('-s, --status <number>', 'its HTTP status, where the text does not say')
    .addOption(new Option('--json', 'print JSON'))
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : WRONG_USAGE))
    .action(async (words: readonly string[], flags: Flags) => {
      try {
        await diagnose(words.join(' '), flags, doors);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        doors.writeError(`${error.message}\n`);
        doors.setExitCode(WRONG_USAGE);
      }
    });
}

async function diagnose(argument: string, flags: Flags, doors: DiagnoseDoors): Promise<void> {
  const provider = flags.provider === undefined ? undefined : namedProvider(flags.provider);
  const status = flags.status === undefined ? undefined : statusOf(flags.status);
  const bytes = await inputOf(argument, flags, doors);
  const truncated = bytes.length > INPUT_LIMIT;
  const text = plainText(bytes.subarray(0, INPUT_LIMIT));
  if (text.trim() === '')
    throw new UsageError(
      'there is nothing to diagnose: the input is empty; give a text, --file, or pipe it in',
    );
  const diagnosis = diagnosisOf(text, { provider, status, nowMs: doors.nowMs(), timeZone: doors.timeZone });
  if (!diagnosis.recognised) doors.setExitCode(UNRECOGNISED);
  if (flags.json === true) {
    doors.write(`${JSON.stringify({ truncated, ...diagnosis }, null, 2)}\n`);
    return;
  }
  if (truncated) doors.writeError('only the first MB was read\n');
  if (diagnosis.findings.length > 0 || diagnosis.calls.length > 0)
    doors.write(reportText(diagnosis, { width: doors.width, color: doors.color }));
  else doors.writeError(`${nothingText(diagnosis.served)}\n`);
}

const nothingText = (served: number | undefined): string =>
  served === undefined
    ? 'nothing in it looks like an error; wanted is an error body, a log line with one, or what curl -i printed'
    : `the answer is a ${served}, and nothing in it is an error`;

async function inputOf(argument: string, { file }: Flags, doors: DiagnoseDoors): Promise<Uint8Array> {
  if (argument !== '' && argument !== '-') {
    if (file !== undefined) throw new UsageError('give either a text or --file, not both');
    return Buffer.from(argument);
  }
  if (file !== undefined && file !== '-') {
    try {
      return doors.readFile(file, INPUT_LIMIT + 1);
    } catch (error) {
      throw new UsageError(`${file} cannot be read: ${reasonOf(error)}`);
    }
  }
  const piped = await doors.readPipe(INPUT_LIMIT + 1);
  if (piped === undefined)
    throw new UsageError(
      'there is nothing to diagnose: give a text, --file, or pipe it in, e.g. `curl -i … | sluice diagnose`',
    );
  return piped;
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES') return 'that is not allowed';
  return String(code ?? 'unknown reason');
}

function namedProvider(id: string): Provider {
  const provider = providerOf(id);
  if (provider !== undefined) return provider;
  const ids = providers.map((each) => each.id);
  const near = nearestWord(id, ids);
  const hint = near === undefined ? `known are ${ids.join(', ')}` : `did you mean '${near}'?`;
  throw new UsageError(`unknown provider '${id}': ${hint}`);
}

function statusOf(text: string): number {
  const status = Number(text);
  if (!Number.isInteger(status) || status < 300 || status > 599)
    throw new UsageError(`--status ${text}: expected the HTTP status of an error, such as 429`);
  return status;
}

/** Without a mark of byte order and without colours. */
const plainText = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal
    .replace(/\x1b\[[\d;]*[A-Za-z]/g, '');

export const terminalDoors = (): DiagnoseDoors => ({
  readFile(path, limitBytes) {
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(limitBytes);
      let size = 0;
      for (let read = -1; read !== 0 && size < limitBytes; size += read)
        read = readSync(file, bytes, size, limitBytes - size, null);
      return bytes.subarray(0, size);
    } finally {
      closeSync(file);
    }
  },
  async readPipe(limitBytes) {
    if (process.stdin.isTTY) return undefined;
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of process.stdin as AsyncIterable<Uint8Array>) {
      pieces.push(piece);
      size += piece.length;
      if (size >= limitBytes) break;
    }
    return Buffer.concat(pieces).subarray(0, limitBytes);
  },
  write: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
  setExitCode: (code) => {
    process.exitCode = code;
  },
  nowMs: () => systemClock.now(),
  width: process.stdout.columns ?? 80,
  color: process.stdout.isTTY === true && pc.isColorSupported,
});
