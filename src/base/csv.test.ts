import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { csvOf } from './csv.ts';

describe('comma-separated values', () => {
  it('are rows that end in CRLF, with nothing for null and numbers as they are', () => {
    assert.equal(
      csvOf([
        ['a', 'b'],
        [1, null],
        [-2.5, 10n ** 18n],
        ['-3.10', ''],
      ]),
      'a,b\r\n1,\r\n-2.5,1000000000000000000\r\n-3.10,\r\n',
    );
  });

  it('have quotes where a comma, a quote or a line end stands, and two quotes for one', () => {
    assert.equal(csvOf([['a,b', 'say "no"', 'two\nlines']]), '"a,b","say ""no""","two\nlines"\r\n');
  });

  it('never begin with what a spreadsheet would compute', () => {
    for (const text of ['=1+1', '+cmd', '-cmd', '@sum(a1)', '\t=1', ' =1', '\r=1'])
      assert.match(csvOf([[text]]), /^"?'/, JSON.stringify(text));
    assert.equal(csvOf([['=HYPERLINK("x")']]), `"'=HYPERLINK(""x"")"\r\n`);
  });

  it('come back as they were, but for the apostrophe', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 4 }), { maxLength: 5 }),
        (rows) => {
          const back = read(csvOf(rows));
          assert.deepEqual(
            back.map((row) => row.map((cell) => cell.replace(/^'(?=\s*[=+\-@\t\r])/, ''))),
            rows.map((row) => row.map((cell) => cell.replace(/^'(?=\s*[=+\-@\t\r])/, ''))),
          );
        },
      ),
    );
  });
});

/** A reader after RFC 4180, as simple as can be. */
function read(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text[at + 1] === '"') cell += text[++at];
      else quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === ',') {
      row.push(cell);
      cell = '';
    } else if (char === '\r' && text[at + 1] === '\n') {
      at += 1;
      rows.push([...row, cell]);
      row = [];
      cell = '';
    } else cell += char;
  }
  return rows;
}
