/**
 * The entries of this process as lines of a file, from the end of their call until they are in the database: written at
 * once and without waiting for the disk, which outlives the process but not the machine's power. A file of which
 * everything is in the database goes; what a dead process left behind is taken over by whoever finds it first.
 */

import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type JournalOwner, journalFile, ownerOfFile } from './journal-owner.ts';

export type Segment = {
  readonly path: string;
  /** Bytes of whole lines. */
  size: number;
  /** Lines that are not in the database yet; of a file that was taken over, one more until all of it has been read. */
  open: number;
};

export type JournalOptions = {
  readonly folder: string;
  readonly owner: JournalOwner;
  /** Is a process of this machine alive? */
  readonly isAlive: (pid: number) => boolean;
  readonly nowMs: () => number;
  /** A file larger than this is followed by another. */
  readonly segmentBytes?: number;
};

export type Lines = {
  readonly lines: readonly string[];
  /** The byte behind them. */
  readonly next: number;
  /** Where the end of the file was reached: what stands behind its last end of line, '' as a rule. */
  readonly rest: string | undefined;
};

export type Journal = {
  /** Throws when it cannot be written; the file is then as it was before. */
  append(lines: readonly string[]): Segment;
  /** So many lines of it are in the database. */
  done(segment: Segment, lines: number): void;
  /** Whole lines from a byte on, a bounded number of bytes of them. */
  read(segment: Segment, from: number): Lines;
  /** What dead processes left, now ours; the lines in them are not counted yet. */
  claim(): readonly Segment[];
  /** Lines that nobody can take in, with the reason; kept for people. */
  reject(lines: readonly string[], reason: string): void;
  /** Of all files of this process. */
  bytes(): number;
  /** Says that the owner lives, and makes an empty file of one that holds nothing any more. */
  touch(): void;
  close(): void;
};

const SEGMENT_BYTES = 8 * 1024 * 1024;
const READ_BYTES = 256 * 1024;
/** Who has not said for so long that it lives, and cannot be asked, is dead. */
const SILENT_MS = 10 * 60_000;
const END_OF_LINE = 0x0a;

export function createJournal(options: JournalOptions): Journal {
  const { folder, owner, isAlive, nowMs, segmentBytes = SEGMENT_BYTES } = options;
  const segments = new Set<Segment>();
  let count = 0;
  let active: { readonly segment: Segment; readonly file: number } | undefined;

  const nextPath = (): string => join(folder, journalFile(owner, count++));

  const open = (): { readonly segment: Segment; readonly file: number } => {
    mkdirSync(folder, { recursive: true });
    const segment = { path: nextPath(), size: 0, open: 0 };
    // It tells who asked what: its owner's alone.
    active = { segment, file: openSync(segment.path, 'a+', 0o600) };
    segments.add(segment);
    return active;
  };

  const remove = (segment: Segment): void => {
    segments.delete(segment);
    // Gone already: somebody took this process for dead, and has the lines.
    if (existsSync(segment.path)) unlinkSync(segment.path);
  };

  const retire = (): void => {
    if (active === undefined) return;
    const { segment, file } = active;
    active = undefined;
    closeSync(file);
    if (segment.open === 0) remove(segment);
  };

  const isDead = (of: JournalOwner, path: string): boolean => {
    if (of.host === owner.host && of.pid === owner.pid) return of.run !== owner.run;
    if (of.host === owner.host && !isAlive(of.pid)) return true;
    // A number that another process has now, or another machine on the same disk.
    return nowMs() - statSync(path).mtimeMs > SILENT_MS;
  };

  const take = (name: string): Segment | undefined => {
    const of = ownerOfFile(name);
    const path = join(folder, name);
    try {
      if (of === undefined || !isDead(of, path)) return undefined;
      const segment = { path: nextPath(), size: 0, open: 1 };
      // Of several that find it, one is the first.
      renameSync(path, segment.path);
      segment.size = statSync(segment.path).size;
      segments.add(segment);
      return segment;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  };

  return {
    append(lines) {
      const { segment, file } = active ?? open();
      const bytes = Buffer.from(`${lines.join('\n')}\n`);
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      } catch (error) {
        // The next line must not begin behind half of this one.
        ftruncateSync(file, segment.size);
        throw error;
      }
      segment.size += bytes.length;
      segment.open += lines.length;
      if (segment.size >= segmentBytes) retire();
      return segment;
    },
    done(segment, lines) {
      segment.open -= lines;
      if (segment.open > 0) return;
      if (segment !== active?.segment) remove(segment);
      else if (segment.size > segmentBytes / 8) empty(active.file, segment);
    },
    read: (segment, from) => readLines(segment.path, from),
    claim() {
      if (!existsSync(folder)) return [];
      return readdirSync(folder)
        .sort()
        .flatMap((name) => take(name) ?? []);
    },
    reject(lines, reason) {
      mkdirSync(folder, { recursive: true });
      const text = `${JSON.stringify({ reason })}\n${lines.join('\n')}\n`;
      writeFileSync(join(folder, `${journalFile(owner, 0)}.rejected`), text, { flag: 'a', mode: 0o600 });
    },
    bytes() {
      let bytes = 0;
      for (const { size } of segments) bytes += size;
      return bytes;
    },
    touch() {
      if (active !== undefined && active.segment.open === 0 && active.segment.size > 0)
        empty(active.file, active.segment);
      const now = nowMs() / 1_000;
      for (const { path } of segments) if (existsSync(path)) utimesSync(path, now, now);
    },
    close: retire,
  };
}

function empty(file: number, segment: Segment): void {
  ftruncateSync(file, 0);
  segment.size = 0;
}

function readLines(path: string, from: number): Lines {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    // A line that is longer than a piece is read by itself.
    for (let length = READ_BYTES; ; length *= 2) {
      const piece = Buffer.alloc(Math.min(length, size - from));
      const read = readSync(file, piece, 0, piece.length, from);
      const reachesEnd = from + read >= size;
      const last = piece.lastIndexOf(END_OF_LINE, read - 1);
      if (last < 0 && !reachesEnd) continue;
      const lines = last < 0 ? [] : piece.toString('utf8', 0, last).split('\n');
      const rest = reachesEnd ? piece.toString('utf8', last + 1, read) : undefined;
      return { lines, next: from + last + 1, rest };
    }
  } finally {
    closeSync(file);
  }
}
