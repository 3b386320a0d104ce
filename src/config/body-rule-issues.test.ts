import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bodyRuleIssues } from './body-rule-issues.ts';

const messagesOf = (rules: Partial<Parameters<typeof bodyRuleIssues>[1]>): string[] =>
  bodyRuleIssues(['accounts', 0], { drop: [], rename: {}, set: {}, ...rules }).map(
    ({ path, message }) => `${path.slice(2).join('.')}: ${message}`,
  );

describe('rules for bodies', () => {
  it('are right where each field is named once', () => {
    assert.deepEqual(
      messagesOf({
        drop: ['user', 'messages[].name', 'response_format.json_schema', 'messages[].tool_calls[].id'],
        rename: { max_completion_tokens: 'max_tokens' },
        set: { store: false, metadata: { team: 'a' } },
      }),
      [],
    );
  });

  it('leave alone what decides where a call goes', () => {
    const expected = 'expected another field than model or stream';
    assert.deepEqual(messagesOf({ drop: ['model'], rename: { stream: 'x', y: 'model' } }), [
      `drop.0: ${expected}`,
      `rename.stream: ${expected}`,
      `rename.y: ${expected}`,
    ]);
    assert.deepEqual(messagesOf({ set: { stream: true } }), [`set.stream: ${expected}`]);
  });

  it('rename and set fields of the body itself alone', () => {
    const expected = 'expected a field of the body itself, not one inside another';
    assert.deepEqual(messagesOf({ rename: { 'a.b': 'c' }, set: { 'messages[].x': 1 } }), [
      `rename.a.b: ${expected}`,
      `set.messages[].x: ${expected}`,
    ]);
  });

  it('drop what has a name', () => {
    for (const name of ['messages[]', 'a..b', '.a', 'a.', '[].a', 'a[0].b', 'a b'])
      assert.equal(messagesOf({ drop: [name] }).length, 1, name);
  });

  it('want one thing of a field', () => {
    for (const rules of [
      { drop: ['a'], set: { a: 1 } },
      { drop: ['a'], rename: { a: 'b' } },
      { rename: { a: 'c', b: 'c' } },
      { rename: { a: 'a' } },
      { rename: { a: 'b' }, set: { a: 1 } },
      { rename: { a: 'b' }, set: { b: 1 } },
    ])
      assert.equal(messagesOf(rules).length, 1, JSON.stringify(rules));
  });
});
