import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ClientKey, PRIORITIES, type Priority } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import { callOptionsOf } from './call-options.ts';

const key: ClientKey = {
  id: 'team',
  limits: {},
  onLimit: 'queue',
  priority: 'normal',
  weight: 1,
  fallback: true,
};

const refusedBecause = (words: RegExp) => (error: unknown) =>
  error instanceof Failure && error.kind === 'invalid_request' && words.test(error.message);

describe('what a call may ask for', () => {
  it('is what its key says when it asks for nothing', () => {
    assert.deepEqual(callOptionsOf({}, key), { onLimit: 'queue', priority: 'normal', fallback: true });
    assert.equal(callOptionsOf({ 'x-sluice-priority': ' ' }, key).priority, 'normal');
  });

  it('is a shorter wait, no wait, no fallback', () => {
    const headers = {
      'x-sluice-max-wait': '1.5',
      'x-sluice-on-limit': 'Reject',
      'x-sluice-fallback': 'off',
    };
    const asked = { maxWaitMs: 1_500, onLimit: 'reject', priority: 'normal', fallback: false };
    assert.deepEqual(callOptionsOf(headers, key), asked);
  });

  it('is never a fallback that its key may not use', () => {
    assert.equal(callOptionsOf({ 'x-sluice-fallback': 'on' }, { ...key, fallback: false }).fallback, false);
  });

  it('is a lower priority than that of its key, never a higher one', () => {
    const effective = (own: Priority, asked: Priority): Priority =>
      callOptionsOf({ 'x-sluice-priority': asked }, { ...key, priority: own }).priority;
    const table = PRIORITIES.map((own) => PRIORITIES.map((asked) => effective(own, asked)));
    assert.deepEqual(table, [
      ['interactive', 'normal', 'batch'],
      ['normal', 'normal', 'batch'],
      ['batch', 'batch', 'batch'],
    ]);
  });

  it('is to be counted under tags, each once, by either name', () => {
    const tagsOf = (headers: Record<string, string>) => callOptionsOf(headers, key).tags;
    assert.deepEqual(tagsOf({ 'x-sluice-tags': ' nightly, team=a,nightly,' }), ['nightly', 'team=a']);
    assert.deepEqual(tagsOf({ 'x-litellm-tags': 'jobs' }), ['jobs']);
    assert.deepEqual(tagsOf({ 'x-sluice-tags': 'own', 'x-litellm-tags': 'jobs' }), ['own']);
    assert.equal(tagsOf({ 'x-sluice-tags': ' , ' }), undefined);
  });

  it('is told back when it is wrong, with the words that are right', () => {
    for (const [headers, words] of [
      [
        { 'x-sluice-priority': 'urgent' },
        /x-sluice-priority: .*interactive or normal or batch, got 'urgent'/,
      ],
      [{ 'x-sluice-on-limit': 'wait' }, /x-sluice-on-limit: .*queue or reject/],
      [{ 'x-sluice-fallback': 'yes' }, /x-sluice-fallback: .*on or off/],
      [{ 'x-sluice-max-wait': '-1' }, /x-sluice-max-wait: .*seconds from 0/],
      [{ 'x-sluice-tags': 'a b' }, /x-sluice-tags: .*visible characters.*got 'a b'/],
      [{ 'x-sluice-tags': 'x'.repeat(65) }, /x-sluice-tags: .*at most 64/],
      [{ 'x-litellm-tags': 'a,b,c,d,e,f,g,h,i,j,k' }, /x-litellm-tags: .*at most 10 tags, got 11/],
    ] as const)
      assert.throws(() => callOptionsOf(headers, key), refusedBecause(words));
  });
});
