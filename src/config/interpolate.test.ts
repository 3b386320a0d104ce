// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are what is tested
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hasInterpolation, interpolate } from './interpolate.ts';

const sources = {
  env: { NAME: 'sluice', EMPTY: '', NESTED: '${NAME}' },
  readFile: (path: string): string => {
    if (path === 'secret.txt') return 'sk-from-file\n';
    throw Object.assign(new Error('no'), { code: 'ENOENT' });
  },
};
const textOf = (text: string): string => interpolate(text, sources).text;
const problemsOf = (text: string): readonly string[] => interpolate(text, sources).problems;

describe('interpolation', () => {
  it('puts in variables, anywhere and as often as they stand there', () => {
    assert.equal(textOf('${NAME}'), 'sluice');
    assert.equal(textOf('http://${NAME}:80/${NAME}'), 'http://sluice:80/sluice');
  });

  it('takes the default when a variable is missing or empty', () => {
    assert.equal(textOf('${NAME:-other}'), 'sluice');
    assert.equal(textOf('${MISSING:-4290}'), '4290');
    assert.equal(textOf('${EMPTY:-full}'), 'full');
    assert.equal(textOf('${MISSING:-}'), '');
    assert.deepEqual(problemsOf('${MISSING:-}'), []);
  });

  it('puts in files without their last line break', () => {
    assert.equal(textOf('Bearer ${file:secret.txt}!'), 'Bearer sk-from-file!');
  });

  it('leaves an escaped placeholder alone', () => {
    assert.equal(textOf('$${NAME} and ${NAME}'), '${NAME} and sluice');
    assert.equal(textOf('costs $5 and {braces}'), 'costs $5 and {braces}');
  });

  it('does not look into what it put in', () => {
    assert.equal(textOf('${NESTED}'), '${NAME}');
  });

  it('names what is missing', () => {
    assert.deepEqual(problemsOf('${MISSING} ${EMPTY}'), [
      'the environment variable MISSING is not set (or empty)',
      'the environment variable EMPTY is not set (or empty)',
    ]);
    assert.deepEqual(problemsOf('${file:gone.txt}'), ["the file 'gone.txt' cannot be read (ENOENT)"]);
  });

  it('does not take what every object has for a variable', () => {
    assert.equal(problemsOf('${constructor}').length, 1);
  });

  it('refuses what only looks like a placeholder, without repeating it', () => {
    for (const text of ['${}', '${1A}', '${A B}', '${A:+sk-secret}', '${sk-secret}', '${NAME', 'x ${']) {
      const problems = problemsOf(text);
      assert.equal(problems.length, 1, text);
      assert.ok(!problems.join().includes('sk-secret'), text);
    }
  });

  it('changes no text without a placeholder', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!hasInterpolation(text));
        assert.deepEqual(interpolate(text, sources), { text, problems: [] });
      }),
    );
  });

  it('gives back any value, and any text once it is escaped', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (value, around) => {
        const plain = around.replaceAll('$', '').replaceAll('}', '');
        const result = interpolate(`${plain}\${V}${plain}`, { ...sources, env: { V: value } });
        assert.equal(result.text, plain + value + plain);
        const braces = `${plain}\${${plain}`;
        assert.equal(textOf(braces.replaceAll('${', () => '$${')), braces);
      }),
    );
  });
});
