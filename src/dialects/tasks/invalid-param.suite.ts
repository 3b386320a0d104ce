/** For tests: the field that a refusal of a request names. */

import assert from 'node:assert/strict';
import { Failure } from '../../domain/failure.ts';

export function invalidParam(read: () => unknown): string | undefined {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof Failure);
    assert.equal(error.kind, 'invalid_request');
    return error.options.param;
  }
  return assert.fail('nothing was refused');
}
