import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { type Column, csvText, rowsText, tableText } from './table.ts';

type Row = { readonly name: string; readonly count: number; readonly note: string | null };
const COLUMNS: readonly Column<Row>[] = [
  { head: 'name', of: ({ name }) => name, cut: true },
  { head: 'count', of: ({ count }) => count, right: true },
  { head: 'note', of: ({ note }) => note, cut: true },
];
const rows: readonly Row[] = [
  { name: 'a', count: 5, note: null },
  { name: 'somewhat longer', count: 1_000, note: 'said "so", twice' },
];
const linesOf = (text: string): string[] => stripVTControlCharacters(text).trimEnd().split('\n');

describe('a table', () => {
  it('has words under words and numbers under numbers', () => {
    assert.deepEqual(linesOf(tableText(rows, COLUMNS)), [
      'name             count  note',
      'a                    5  -',
      'somewhat longer   1000  said "so", twice',
    ]);
  });

  it('is cut to the width where its columns may be cut, the widest first', () => {
    assert.deepEqual(linesOf(tableText(rows, COLUMNS, 32)), [
      'name         count  note',
      'a                5  -',
      'somewhat l…   1000  said "so", …',
    ]);
  });

  it('leaves out columns without a word before it cuts a column', () => {
    const silent = rows.map((row) => ({ ...row, note: null }));
    assert.deepEqual(linesOf(tableText(silent, COLUMNS, 24)), [
      'name             count',
      'a                    5',
      'somewhat longer   1000',
    ]);
    assert.match(tableText(silent, COLUMNS, 80), /note/);
    assert.match(tableText([{ name: '', count: 1, note: null }], COLUMNS, 3), /count/);
  });

  it('leaves out what can be spared, the last first, before it cuts a column, and cuts no names', () => {
    const named: readonly Column<Row>[] = [
      { head: 'name', of: ({ name }) => name },
      { head: 'count', of: ({ count }) => count, right: true, spare: true },
      { head: 'again', of: ({ count }) => count, right: true, spare: true },
      { head: 'note', of: ({ note }) => note, cut: true },
    ];
    const headAt = (width: number): string | undefined => linesOf(tableText(rows, named, width))[0];
    assert.match(headAt(48) ?? '', /^name +count +again +note$/);
    assert.match(headAt(45) ?? '', /^name +count +note$/);
    assert.deepEqual(linesOf(tableText(rows, named, 30)), [
      'name             note',
      'a                -',
      'somewhat longer  said "so", t…',
    ]);
  });

  it('never is wider than 80 columns while there is something to cut', () => {
    const row = fc.record({
      name: fc.string({ maxLength: 200 }),
      count: fc.integer(),
      note: fc.option(fc.string({ maxLength: 200 })),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (some) => {
        const lines = linesOf(rowsText(some, COLUMNS, { flags: {}, none: '' }));
        assert.equal(lines.length, some.length + 1);
        for (const line of lines) assert.ok(line.length <= 80, line);
      }),
    );
  });

  it('obeys nothing that stands in it', () => {
    const [, line = ''] = tableText([{ name: '\u001b[2J\nx', count: 1, note: '\u0007' }], COLUMNS).split(
      '\n',
    );
    assert.match(line, /^ \[2J x\s+1/);
  });
});

describe('rows', () => {
  it('are JSON as they are, CSV with quotes where they are needed, or words where there are none', () => {
    assert.deepEqual(JSON.parse(rowsText(rows, COLUMNS, { flags: { json: true }, none: '' })), rows);
    assert.equal(
      rowsText(rows, COLUMNS, { flags: { csv: true }, none: '' }),
      'name,count,note\r\na,5,\r\nsomewhat longer,1000,"said ""so"", twice"\r\n',
    );
    assert.equal(rowsText([], COLUMNS, { flags: {}, none: 'There are none.' }), 'There are none.\n');
    assert.equal(csvText([], COLUMNS), 'name,count,note\r\n');
  });
});
