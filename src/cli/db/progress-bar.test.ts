import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { progressBar } from './progress-bar.ts';

function drawn(isTTY: boolean, draw: (bar: ReturnType<typeof progressBar>) => void): string[] {
  const written: string[] = [];
  draw(progressBar({ isTTY, write: (text) => written.push(text) }, 'restoring'));
  return written;
}

describe('a progress bar', () => {
  it('fills up, and goes away', () => {
    const texts = drawn(true, (bar) => {
      bar.show(0, 200);
      bar.show(100, 200);
      bar.show(200, 200);
      bar.clear();
    });
    const [empty = '', half = '', full = '', cleared] = texts;
    assert.ok(empty.includes(`${'░'.repeat(30)} 0 %`));
    assert.ok(half.includes(`${'█'.repeat(15)}${'░'.repeat(15)} 50 % of 200 rows`));
    assert.ok(full.includes(`${'█'.repeat(30)} 100 %`));
    assert.equal(cleared, '\r\u001b[K');
  });

  it('is drawn again only where it has changed', () => {
    const texts = drawn(true, (bar) => {
      for (let done = 0; done <= 10_000; done += 1) bar.show(done, 1_000_000);
    });
    assert.equal(texts.length, 2);
  });

  it('is full where there is nothing to do, and never more than full', () => {
    const texts = drawn(true, (bar) => {
      bar.show(0, 0);
      bar.show(3, 2);
    });
    for (const text of texts) assert.match(text, /100 %/);
  });

  it('is not there where no terminal is, and nothing is cleared that was not drawn', () => {
    assert.deepEqual(
      drawn(false, (bar) => {
        bar.show(1, 2);
        bar.clear();
      }),
      [],
    );
    assert.deepEqual(
      drawn(true, (bar) => bar.clear()),
      [],
    );
  });
});
