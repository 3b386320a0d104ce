import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { editDistance, nearestWord } from './nearest.ts';

describe('the nearest word', () => {
  it('is the one a typo away', () => {
    const words = ['qwen', 'openai', 'openai-compatible', 'simulator', 'anthropic'];
    assert.equal(nearestWord('qwne', words), 'qwen');
    assert.equal(nearestWord('QWEN', words), 'qwen');
    assert.equal(nearestWord('opnai', words), 'openai');
    assert.equal(nearestWord('openai-compatable', words), 'openai-compatible');
    assert.equal(nearestWord('maxWaitStream', ['max_wait', 'max_wait_stream']), 'max_wait_stream');
  });

  it('is none when all are far', () => {
    assert.equal(nearestWord('banana', ['qwen', 'openai']), undefined);
    assert.equal(nearestWord('api_key', ['id', 'provider', 'secrets']), undefined);
    assert.equal(nearestWord('x', []), undefined);
  });

  it('is the first of equally near ones', () => {
    assert.equal(nearestWord('tpx', ['tpm', 'tps', 'tpd']), 'tpm');
  });
});

describe('the distance of two words', () => {
  it('counts an insertion, a deletion, a replacement and a swap as one', () => {
    assert.equal(editDistance('port', 'ports'), 1);
    assert.equal(editDistance('port', 'prt'), 1);
    assert.equal(editDistance('port', 'part'), 1);
    assert.equal(editDistance('port', 'prot'), 1);
    assert.equal(editDistance('', 'abc'), 3);
    assert.equal(editDistance('kitten', 'sitting'), 3);
  });

  it('is symmetric, zero only for equals, never above the longer word', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
        const distance = editDistance(a, b);
        assert.equal(distance, editDistance(b, a));
        assert.equal(distance === 0, a === b);
        assert.ok(distance <= Math.max(a.length, b.length));
      }),
    );
  });

  it('stops at the bound', () => {
    assert.equal(editDistance('aaaaaaaa', 'bbbbbbbb', 3), 3);
    assert.equal(editDistance('a', 'abcdefgh', 2), 2);
  });
});
