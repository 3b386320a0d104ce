import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DatabaseError } from '../database-error.ts';
import { postgresError } from './errors.ts';

const told = (code: string | undefined, message = 'what it says'): Error =>
  Object.assign(new Error(message), { ...(code !== undefined && { code }), detail: 'Key (id)=(hunter2)' });

describe('errors of PostgreSQL', () => {
  it('are known by what follows from them', () => {
    for (const [code, kind] of [
      ...['40001', '40P01', '55P03'].map((code) => [code, 'met'] as const),
      ...['57014', '57P01', '53300', '08006', '58030', '25P03'].map((code) => [code, 'away'] as const),
      ['23505', 'unique'] as const,
      ...['23502', '23514'].map((code) => [code, 'constraint'] as const),
      ...['42601', '42P01', '22P02', '25P02'].map((code) => [code, 'wrong'] as const),
    ]) {
      const error = postgresError(told(code));
      assert.equal(error.kind, kind, code);
      assert.equal(error.code, code);
    }
  });

  it('that did not come from the server mean that it does not answer', () => {
    for (const code of ['ECONNREFUSED', 'ETIMEDOUT', undefined]) {
      const error = postgresError(told(code));
      assert.equal(error.kind, 'away');
      assert.match(error.message, /does not answer: what it says/);
    }
    const both = new AggregateError([told('ECONNREFUSED', 'one'), told('ECONNREFUSED', 'two')], '');
    assert.match(postgresError(both).message, /one; two$/);
  });

  it('while connecting mean the same, whatever the server says', () => {
    assert.equal(postgresError(told('28P01'), 'away').kind, 'away');
    assert.equal(postgresError(told('3D000'), 'away').kind, 'away');
  });

  it('are told without the values that the server adds', () => {
    const error = postgresError(told('23505'));
    assert.ok(!JSON.stringify({ ...error, message: error.message }).includes('hunter2'));
    assert.equal(error.cause, undefined);
  });

  it('that are known already stay what they are', () => {
    const error = new DatabaseError('met', 'x');
    assert.equal(postgresError(error), error);
  });
});
