/**
 * A backup as a file: lines, compressed. It is written beside its name and gets it at its end, so that a file of that
 * name is a whole one; for its owner alone, because it holds hashes and sealed secrets.
 */

import { once } from 'node:events';
import { createReadStream, createWriteStream, existsSync, renameSync, rmSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { BackupError } from '../../storage/backup.ts';

export type WriteLine = (line: string) => Promise<void>;

/** Each write is a trip to another thread: not one a line. */
const CHUNK = 65_536;

/** `fill` gets what writes a line. Throws where there is such a file, unless it may be replaced. */
export async function writeBackupFile<T>(
  path: string,
  fill: (write: WriteLine) => Promise<T>,
  { replace }: { readonly replace: boolean },
): Promise<T> {
  if (existsSync(path) && !replace)
    throw new BackupError(`${path} is there already: choose another name, or replace it with --force`);
  const part = `${path}.part`;
  const gzip = createGzip();
  const written = pipeline(gzip, createWriteStream(part, { mode: 0o600, flush: true }));
  // Told where it is waited for.
  written.catch(() => {});
  let text = '';
  try {
    const result = await fill(async (line) => {
      text += `${line}\n`;
      if (text.length < CHUNK) return;
      const isTaken = gzip.write(text);
      text = '';
      if (!isTaken) await Promise.race([once(gzip, 'drain'), written]);
    });
    gzip.end(text);
    await written;
    renameSync(part, path);
    return result;
  } catch (error) {
    gzip.destroy();
    rmSync(part, { force: true });
    throw error;
  }
}

export async function* readBackupFile(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const text = createGunzip();
  const read = pipeline(file, text);
  read.catch(() => {});
  let rest = '';
  const decoder = new TextDecoder();
  try {
    for await (const bytes of text) {
      const lines = (rest + decoder.decode(bytes as Buffer, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    file.destroy();
  }
  if (rest !== '') throw new BackupError(`${path} ends in the middle of a line: it is damaged`);
}

function unreadable(path: string, error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return new BackupError(`there is no file ${path}`);
  if (code === 'Z_BUF_ERROR') return new BackupError(`${path} ends in the middle: it is damaged`);
  if (code.startsWith('Z_')) return new BackupError(`${path} is no backup of Sluice, or is damaged`);
  return code === '' && error instanceof Error ? error : new BackupError(`${path} cannot be read (${code})`);
}
