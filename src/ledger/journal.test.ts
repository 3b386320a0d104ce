import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createJournal, type Journal, type JournalOptions } from './journal.ts';
import { journalOwner } from './journal-owner.ts';

const root = mkdtempSync(join(tmpdir(), 'sluice-journal-'));
after(() => rmSync(root, { recursive: true }));

const NOW_MS = 1_800_000_000_000;

function journalIn(
  folder: string,
  { pid = 7, run = 'a', host = 'here', ...rest }: Partial<JournalOptions> & Partial<Owner> = {},
): Journal {
  return createJournal({
    ...{ folder: join(root, folder), owner: journalOwner(host, pid, run) },
    ...{ isAlive: () => false, nowMs: () => NOW_MS },
    ...rest,
  });
}

type Owner = { readonly host: string; readonly pid: number; readonly run: string };

const filesOf = (folder: string): string[] => readdirSync(join(root, folder)).sort();

test('a line is in the file when append returns, and the file goes when all its lines are done', () => {
  const journal = journalIn('one');
  const segment = journal.append(['{"a":1}']);
  journal.append(['{"b":"ü"}']);
  assert.equal(readFileSync(segment.path, 'utf8'), '{"a":1}\n{"b":"ü"}\n');
  assert.equal(journal.bytes(), Buffer.byteLength('{"a":1}\n{"b":"ü"}\n'));
  journal.done(segment, 1);
  journal.close();
  assert.deepEqual(filesOf('one'), ['here~7~a~0.jsonl']);
  journal.done(segment, 1);
  assert.deepEqual(filesOf('one'), []);
  assert.equal(journal.bytes(), 0);
});

test('a full file is followed by another, and one of which all is done is begun anew', () => {
  const journal = journalIn('full', { segmentBytes: 100 });
  const first = journal.append(['x'.repeat(60)]);
  assert.equal(journal.append(['x'.repeat(60)]), first);
  const second = journal.append(['y'.repeat(60)]);
  assert.notEqual(second, first);
  journal.done(second, 1);
  assert.equal(second.size, 0);
  assert.equal(journal.append(['z']), second);
  assert.equal(readFileSync(second.path, 'utf8'), 'z\n');
  journal.done(first, 2);
  assert.deepEqual(filesOf('full'), ['here~7~a~1.jsonl']);
  journal.close();
});

test('lines are read in pieces, a long one by itself, and half a line is told apart', () => {
  const journal = journalIn('pieces');
  const long = 'l'.repeat(600_000);
  const lines = [...Array.from({ length: 5_000 }, (_, i) => `line ${i} ${'.'.repeat(80)}`), long, 'end'];
  const segment = lines.map((line) => journal.append([line]))[0] ?? assert.fail();
  appendFileSync(segment.path, 'half');
  const read: string[] = [];
  let from = 0;
  let pieces = 0;
  for (;;) {
    const piece = journal.read(segment, from);
    read.push(...piece.lines);
    from = piece.next;
    pieces++;
    if (piece.rest === undefined) continue;
    assert.equal(piece.rest, 'half');
    break;
  }
  assert.deepEqual(read, lines);
  assert.ok(pieces > 2);
  assert.equal(from, segment.size);
});

test('the files of the dead are taken over once, those of the living are not', () => {
  for (const [pid, run] of [
    [7, 'dead'],
    [8, 'alive'],
    [9, 'dead'],
  ] as const)
    journalIn('claims', { pid, run }).append([`by ${pid}`]);
  journalIn('claims', { host: 'elsewhere' }).append(['by another machine']);
  for (const name of filesOf('claims')) touch('claims', name, 60_000);
  const own = { pid: 7, run: 'new', isAlive: (pid: number) => pid === 8 };
  const journal = journalIn('claims', own);
  assert.deepEqual(textsOf(journal), ['by 7\n', 'by 9\n']);
  assert.deepEqual(journal.claim(), []);
  // Ten minutes without a sign: another process has the number now, or the machine is gone.
  for (const name of filesOf('claims')) touch('claims', name, 11 * 60_000);
  assert.deepEqual(textsOf(journal), ['by 8\n', 'by another machine\n']);
  const other = journalIn('claims', { pid: 10, run: 'x', isAlive: (pid: number) => pid === 7 });
  journal.touch();
  assert.deepEqual(other.claim(), []);
});

const textsOf = (journal: Journal): string[] =>
  journal
    .claim()
    .map(({ path }) => readFileSync(path, 'utf8'))
    .sort();

function touch(folder: string, name: string, agoMs: number): void {
  const at = (NOW_MS - agoMs) / 1_000;
  utimesSync(join(root, folder, name), at, at);
}

test('other files in the folder are left alone', () => {
  const journal = journalIn('others');
  journal.append(['x']);
  journal.reject(['bad'], 'why');
  appendFileSync(join(root, 'others', 'note.txt'), 'mine');
  const names = filesOf('others');
  assert.deepEqual(journalIn('others', { run: 'b' }).claim().length, 1);
  assert.deepEqual(
    filesOf('others').filter((name) => !name.endsWith('.jsonl')),
    [...names.filter((name) => !name.endsWith('.jsonl'))],
  );
  assert.match(readFileSync(join(root, 'others', 'here~7~a~0.jsonl.rejected'), 'utf8'), /"why".*\nbad\n$/);
});

test('a folder that is not there holds nothing', () => {
  assert.deepEqual(journalIn('nowhere').claim(), []);
});

test('a host name is made fit for the name of a file', () => {
  assert.equal(journalOwner('pod/7~x y', 1, 'r').host, 'pod-7-x-y');
  assert.equal(journalOwner('', 1, 'r').host, 'host');
});
