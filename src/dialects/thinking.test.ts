import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { budgetOf, effortOf, takeThinking } from './thinking.ts';

describe('a wish for thinking', () => {
  it('is read from the fields of everybody, which are taken out', () => {
    const wishes: readonly (readonly [object, object | undefined])[] = [
      [{}, undefined],
      [{ reasoning_effort: null }, undefined],
      [{ reasoning_effort: 'high' }, { on: true, effort: 'high' }],
      [{ reasoning_effort: 'minimal' }, { on: false, effort: 'minimal' }],
      [{ reasoning_effort: 'none' }, { on: false, effort: 'none' }],
      [{ enable_thinking: true }, { on: true }],
      [
        { enable_thinking: false, reasoning_effort: 'high' },
        { on: false, effort: 'high' },
      ],
      [
        { enable_thinking: true, thinking_budget: 500 },
        { on: true, budgetTokens: 500 },
      ],
      [{ thinking_budget: 500 }, { on: true, budgetTokens: 500 }],
      [{ thinking: { type: 'enabled', budget_tokens: 9 } }, { on: true, budgetTokens: 9 }],
      [{ thinking: { type: 'adaptive' } }, { on: true }],
      [{ thinking: { type: 'disabled' } }, { on: false }],
      [{ reasoning: { max_tokens: 2_000 } }, { on: true, budgetTokens: 2_000 }],
      [{ reasoning: { effort: 'low', enabled: true } }, { on: true, effort: 'low' }],
      [{ thinking: 'yes', thinking_budget: -1 }, { on: false }],
    ];
    for (const [fields, wish] of wishes) {
      const { thinking, rest, names } = takeThinking({ ...fields, seed: 1 });
      assert.deepEqual(thinking, wish, JSON.stringify(fields));
      if (wish !== undefined) {
        assert.deepEqual(rest, { seed: 1 });
        assert.deepEqual(names.toSorted(), Object.keys(fields).toSorted());
      }
    }
  });

  it('in words follows from tokens, and in tokens from words', () => {
    assert.equal(effortOf({ on: true, effort: 'xhigh', budgetTokens: 5 }), 'xhigh');
    assert.deepEqual(
      [1_024, 8_000, 31_999].map((budgetTokens) => effortOf({ on: true, budgetTokens })),
      ['low', 'medium', 'high'],
    );
    assert.equal(effortOf({ on: true }), undefined);
    assert.equal(effortOf({ on: false, budgetTokens: 9_000 }), undefined);
    const budgets = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'].map((effort) =>
      budgetOf({ on: true, effort }),
    );
    assert.deepEqual(
      budgets,
      budgets.toSorted((a, b) => a - b),
    );
    assert.equal(budgetOf({ on: true, effort: 'low', budgetTokens: 7 }), 7);
    assert.equal(budgetOf({ on: true }), budgetOf({ on: true, effort: 'medium' }));
  });
});
