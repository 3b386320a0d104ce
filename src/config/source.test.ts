// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are what is tested
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Path, pathKey } from './place.ts';
import { readSource } from './source.ts';

const read = (text: string, env: Record<string, string> = {}) =>
  readSource(text, {
    env,
    readFile: () => {
      throw new Error('no files here');
    },
  });
const plain = (data: unknown): unknown => JSON.parse(JSON.stringify(data));

describe('a YAML source', () => {
  it('becomes plain data', () => {
    const text = 'a: 1\nb: [x, true, null]\nc: { d: "5" }\ne:\n';
    assert.deepEqual(plain(read(text).data), { a: 1, b: ['x', true, null], c: { d: '5' }, e: null });
  });

  it('is undefined when it is empty', () => {
    assert.equal(read('').data, undefined);
    assert.equal(read('# only a comment\n').data, undefined);
  });

  it('knows where every value and every name stands', () => {
    const text = 'server:\n  port: 4290\nlist:\n  - one\n  - { two: 2 }\n';
    const source = read(text);
    const written = (path: Path): string => {
      const range = source.nodes.get(pathKey(path))?.range;
      return range === undefined ? '' : text.slice(range.start, range.end);
    };
    assert.equal(written(['server', 'port']), '4290');
    assert.equal(written(['list', 0]), 'one');
    assert.equal(written(['list', 1, 'two']), '2');
    const keyRange = source.nodes.get(pathKey(['server', 'port']))?.keyRange;
    assert.deepEqual(source.position(keyRange?.start ?? -1), { line: 2, column: 3 });
  });

  it('interpolates text, keeps what stood there, and tells what is missing once', () => {
    const source = read('a: ${A}\nb: ${B}\n', { A: '7' });
    assert.deepEqual(plain(source.data), { a: '7' });
    assert.equal(source.nodes.get(pathKey(['a']))?.written, '${A}');
    assert.equal(source.problems.length, 1);
    assert.deepEqual(source.problems[0]?.path, ['b']);
    assert.ok(source.told.has(pathKey(['b'])));
  });

  it('follows aliases and merges', () => {
    const text =
      'a: &limits { rpm: 1, tpm: 2 }\nb: *limits\nc: { <<: *limits, rpm: 3 }\nd: { <<: [*limits, { rps: 4 }] }\n';
    const limits = { rpm: 1, tpm: 2 };
    assert.deepEqual(plain(read(text).data), {
      a: limits,
      b: limits,
      c: { tpm: 2, rpm: 3 },
      d: { ...limits, rps: 4 },
    });
    assert.deepEqual(read(text).problems, []);
  });

  it('is not caught in an alias of itself, nor blown up by many', () => {
    assert.match(read('a: &x { b: *x }').problems[0]?.message ?? '', /inside its own anchor/);
    assert.match(read('a: *x').problems[0]?.message ?? '', /without its anchor/);
    const rows = Array.from({ length: 9 }, (_, row) =>
      row === 0
        ? 'a0: &a0 [x]'
        : `a${row}: &a${row} [${Array(9)
            .fill(`*a${row - 1}`)
            .join(', ')}]`,
    );
    const bomb = read(rows.join('\n'));
    assert.deepEqual(
      bomb.problems.map(({ message }) => message),
      ['too large: aliases multiply it'],
    );
  });

  it('takes a dangerous name for a name', () => {
    const { data } = read('__proto__: { polluted: true }');
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    assert.deepEqual(Object.keys(data as object), ['__proto__']);
  });

  it('tells of a name used twice and reads on', () => {
    const source = read('a: 1\nb: 2\na: 3\n');
    assert.ok(source.readable);
    assert.deepEqual(
      source.problems.map(({ message }) => message),
      ['this name was already used above'],
    );
    assert.deepEqual(source.position(source.problems[0]?.range.start ?? -1), { line: 3, column: 1 });
    assert.deepEqual(plain(source.data), { a: 1, b: 2 });
  });

  for (const [name, text, line] of [
    ['an open bracket', 'a: 1\nb: [1, 2\nc: 3\n', 3],
    ['a tab', 'a:\n\t- b\n', 2],
    ['two colons', 'a: sk-secret-value: c\n', 1],
    ['an open quote', 'a: "sk-secret-value\n', 2],
    ['a list that becomes a mapping', '- a\nsk-secret-value: 1\n', 2],
    ['a second document', 'a: 1\n---\nsk-secret-value: 2\n', 2],
    ['an unknown tag', 'a: !sk-secret-value x\n', 1],
  ] as const) {
    it(`tells of ${name} with its line, and repeats nothing of it`, () => {
      const { problems, position } = read(text);
      assert.equal(problems.length, 1);
      assert.match(problems[0]?.message ?? '', /^not valid YAML: \S/);
      assert.ok(!problems[0]?.message.includes('sk-secret'));
      assert.equal(position(problems[0]?.range.start ?? -1).line, line);
    });
  }
});
