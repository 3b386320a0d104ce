import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { inputTotal, outputTotal } from '../../domain/usage.ts';
import { readTaskUsage } from './task-usage.ts';

const usageIn = (answer: Record<string, unknown>) => {
  const usage = readTaskUsage((name) => (Object.hasOwn(answer, name) ? answer[name] : undefined));
  return usage && [inputTotal(usage), outputTotal(usage)];
};

test('usage is found wherever a provider says it', () => {
  for (const [answer, told] of [
    [{ usage: { prompt_tokens: 8, total_tokens: 8 } }, [8, 0]],
    [{ usage: { prompt_tokens: 8, completion_tokens: 2, total_tokens: 10 } }, [8, 2]],
    [{ usage: { input_tokens: 8, output_tokens: 1_056, total_tokens: 1_064 } }, [8, 1_056]],
    [{ usage: { total_tokens: 8 } }, [8, 0]],
    [{ meta: { tokens: { input_tokens: 8, output_tokens: 0 } } }, [8, 0]],
    [{ meta: { billed_units: { input_tokens: 8 }, tokens: {} } }, [8, 0]],
    [{ usageMetadata: { promptTokenCount: 8 } }, [8, 0]],
  ] as const)
    assert.deepEqual(usageIn(answer), told, JSON.stringify(answer));
});

test('where nothing is told, or units that are no tokens, there is none', () => {
  for (const answer of [
    {},
    { usage: null },
    { usage: {} },
    { usage: { total_tokens: 0 } },
    { meta: { billed_units: { search_units: 1 } } },
    { usage: 'free' },
  ])
    assert.equal(usageIn(answer), undefined, JSON.stringify(answer));
});

test('what came from a cache is counted apart', () => {
  const usage = readTaskUsage((name) =>
    name === 'usage' ? { input_tokens: 10, input_tokens_details: { cached_tokens: 4 } } : undefined,
  );
  assert.deepEqual([usage?.input, usage?.cacheRead], [6, 4]);
});

test('nothing that stands there makes an amount below zero, or throws', () => {
  const names = ['prompt_tokens', 'input_tokens', 'output_tokens', 'total_tokens', 'input_tokens_details'];
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), fc.jsonValue()), (usage) => {
      const [input = 0, output = 0] = usageIn({ usage }) ?? [];
      assert.ok(input >= 0 && output >= 0);
    }),
  );
});
