import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pathKey, pathText } from './place.ts';

describe('a path', () => {
  it('is written as people write it', () => {
    assert.equal(
      pathText(['accounts', 0, 'models', 'qwen3-max', 'limits', 'rpm']),
      'accounts[0].models.qwen3-max.limits.rpm',
    );
    assert.equal(pathText(['models', 'qwen2.5-max']), 'models["qwen2.5-max"]');
    assert.equal(pathText([]), '');
  });

  it('is never taken for another one', () => {
    assert.notEqual(pathKey(['a', 'b']), pathKey(['a.b']));
    assert.notEqual(pathKey(['a', 0]), pathKey(['a', '0']));
  });
});
