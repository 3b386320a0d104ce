/**
 * How hard to think, in Gemini's words: budgets for the 2.5 models, levels for those after them; asking for the other one
 * is an error. What the words of OpenAI chat stand for is Google's own table.
 * Sources: https://ai.google.dev/gemini-api/docs/openai#thinking , https://ai.google.dev/gemini-api/docs/thinking
 */

import type { JsonObject } from '../../base/json.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { effortOf, type Thinking } from '../thinking.ts';
import { fieldOf } from './wire.ts';

const BUDGETS: ReadonlyMap<string, number> = new Map([
  ['none', 0],
  ['minimal', 1_024],
  ['low', 1_024],
  ['medium', 8_192],
  ['high', 24_576],
  ['xhigh', 24_576],
  ['max', 24_576],
]);

/** What every model with budgets takes that thinks at all. */
const LEAST_BUDGET = 512;
const MOST_BUDGET = 24_576;
/** This one always thinks. */
const ALWAYS_THINKS = /2\.5-pro/;
const LEAST_OF_THAT = 128;

const HAS_LEVELS = /gemini-(?:[3-9]|\d\d)/;
const IS_FLASH = /flash/;
/** It knows two levels. */
const HAS_TWO = /gemini-3-pro/;

/** `model` is the provider's own name. Undefined: there is no such effort. */
export function thinkingConfigOf(thinking: Thinking, model: string): JsonObject | undefined {
  const { on, budgetTokens } = thinking;
  const word = effortOf(thinking) ?? (on ? '' : 'none');
  const budget = budgetTokens ?? BUDGETS.get(word);
  if (word !== '' && !BUDGETS.has(word)) return undefined;
  // Whether it thinks and how much is left to the model.
  if (budget === undefined) return { includeThoughts: true };
  const shown = { includeThoughts: budget > 0 };
  return HAS_LEVELS.test(model)
    ? { ...shown, thinkingLevel: levelOf(word, model) }
    : { ...shown, thinkingBudget: fitted(budget, model) };
}

function fitted(budget: number, model: string): number {
  if (budget === 0) return ALWAYS_THINKS.test(model) ? LEAST_OF_THAT : 0;
  return Math.min(MOST_BUDGET, Math.max(LEAST_BUDGET, budget));
}

/** Those with levels cannot be kept from thinking altogether. */
function levelOf(word: string, model: string): string {
  if (word === 'none' || word === 'minimal') return IS_FLASH.test(model) ? 'minimal' : 'low';
  if (word === 'medium') return HAS_TWO.test(model) ? 'high' : word;
  return word === 'low' ? word : 'high';
}

/** The wish under the names of those who speak OpenAI chat; none where the model decides, as it does unasked. */
export function wishOf(config: unknown): JsonObject {
  const thinking = objectOf(config);
  const level = textOf(fieldOf(thinking, 'thinkingLevel')).toLowerCase();
  if (level !== '' && level !== 'thinking_level_unspecified') return { reasoning_effort: level };
  const budget = fieldOf(thinking, 'thinkingBudget');
  if (typeof budget !== 'number' || budget < 0) return {};
  return budget === 0 ? { enable_thinking: false } : { enable_thinking: true, thinking_budget: budget };
}
