import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChatMessage, Thought } from '../domain/chat.ts';
import { createSeals } from '../state/seals.ts';
import { sealerOf, unsealed } from './sealed-thoughts.ts';

const seals = createSeals();
const sealing = { seals, key: 'k', provider: 'anthropic' };
const SIGNED: readonly Thought[] = [
  { text: 'Hm. ', signature: 's1' },
  { text: '', signature: 'hidden', redacted: true },
];
const OPEN: readonly Thought[] = [{ text: 'Open.' }];

const turn = (carried: readonly string[], more: Partial<ChatMessage> = {}): ChatMessage => ({
  ...{ role: 'assistant', parts: [], seals: carried },
  ...more,
});

function opened(message: ChatMessage, by: Partial<typeof sealing> = {}) {
  const dropped = new Set<string>();
  const [told] = unsealed([message], { ...sealing, ...by }, dropped);
  return { told, dropped: [...dropped] };
}

describe('thoughts that the client carries', () => {
  const sealed = sealerOf(sealing)(SIGNED);

  it('come back whole to the provider that had them, several of one turn in their order', () => {
    const more = sealerOf(sealing)([{ text: 'And.', signature: 's2' }]);
    const { told, dropped } = opened(turn([sealed, more]));
    assert.deepEqual(told, {
      ...{ role: 'assistant', parts: [], reasoning: 'Hm. And.' },
      thoughts: [...SIGNED, { text: 'And.', signature: 's2' }],
    });
    assert.deepEqual(dropped, []);
  });

  it('are words to another provider, and it is said that their seals are not for it', () => {
    const { told, dropped } = opened(turn([sealed]), { provider: 'deepseek' });
    assert.deepEqual(told, { role: 'assistant', parts: [], reasoning: 'Hm. ' });
    assert.deepEqual(dropped, ['encrypted_content']);
    // Without a signature nothing is lost.
    const open = opened(turn([sealerOf(sealing)(OPEN)]), { provider: 'deepseek' });
    assert.deepEqual([open.told?.reasoning, open.dropped], ['Open.', []]);
  });

  it('are nothing where another key carries them, or a stranger sealed them', () => {
    for (const [message, by] of [
      [turn([sealed]), { key: 'other' }],
      [turn(['gAAAA']), {}],
    ] as const) {
      const { told, dropped } = opened(message, by);
      assert.deepEqual(told, { role: 'assistant', parts: [] });
      assert.deepEqual(dropped, ['encrypted_content']);
    }
  });

  it('are all of them shown or none', () => {
    const { told, dropped } = opened(turn([sealed, 'gAAAA']));
    assert.equal(told?.thoughts, undefined);
    assert.deepEqual(dropped, ['encrypted_content']);
  });

  it('leave what is there already, and messages without any', () => {
    const kept = opened(turn([sealed], { reasoning: 'Summary.', thoughts: OPEN })).told;
    assert.deepEqual([kept?.reasoning, kept?.thoughts], ['Summary.', OPEN]);
    const plain: ChatMessage = { role: 'user', parts: [] };
    assert.equal(opened(plain).told, plain);
  });
});
