import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newAdminId, newAlertId, newKeyId, newRequestId, newSecretId } from './ids.ts';

test('ids can be copied with a double click and never repeat', () => {
  const ids = Array.from({ length: 10_000 }, newRequestId);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^req_[0-9a-f]{32}$/);
  assert.match(newAlertId(), /^alert_[0-9a-f]{32}$/);
});

test('ids that are typed into commands are short', () => {
  assert.match(newKeyId(), /^key_[0-9a-f]{12}$/);
  assert.match(newAdminId(), /^admin_[0-9a-f]{12}$/);
  assert.match(newSecretId(), /^secret_[0-9a-f]{12}$/);
});
