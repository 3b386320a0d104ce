/**
 * How hard to think: the words of OpenAI chat (`reasoning_effort`), and the budgets and levels of Gemini that they stand
 * for. Budgets are of the 2.5 models, levels of those after them; asking for the other one is an error.
 * Sources: https://ai.google.dev/gemini-api/docs/openai#thinking , https://ai.google.dev/gemini-api/docs/thinking
 */

import type { JsonObject } from '../../base/json.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { fieldOf } from './wire.ts';

const BUDGETS: Readonly<Record<string, number>> = {
  none: 0,
  minimal: 1_024,
  low: 1_024,
  medium: 8_192,
  high: 24_576,
};

/** The steps below the highest. */
const STEPS = ['low', 'medium'] as const;

const HAS_LEVELS = /gemini-(?:[3-9]|\d\d)/;
const IS_FLASH = /flash/;
/** It knows two levels. */
const HAS_TWO = /gemini-3-pro/;

/** `model` is the provider's own name. Undefined: there is no such effort. */
export function thinkingOf(effort: unknown, model: string): JsonObject | undefined {
  const word = effort === 'xhigh' || effort === 'max' ? 'high' : textOf(effort);
  const budget = Object.hasOwn(BUDGETS, word) ? BUDGETS[word] : undefined;
  if (budget === undefined) return undefined;
  const shown = { includeThoughts: budget > 0 };
  return HAS_LEVELS.test(model)
    ? { ...shown, thinkingLevel: levelOf(word, model) }
    : { ...shown, thinkingBudget: budget };
}

/** Those with levels cannot be kept from thinking altogether. */
function levelOf(word: string, model: string): string {
  if (word === 'none' || word === 'minimal') return IS_FLASH.test(model) ? 'minimal' : 'low';
  return word === 'medium' && HAS_TWO.test(model) ? 'high' : word;
}

/** Undefined: the model decides, as it does where nobody says anything. */
export function effortOf(config: unknown): string | undefined {
  const thinking = objectOf(config);
  const level = textOf(fieldOf(thinking, 'thinkingLevel')).toLowerCase();
  if (level !== '' && level !== 'thinking_level_unspecified') return level;
  const budget = fieldOf(thinking, 'thinkingBudget');
  if (typeof budget !== 'number' || budget < 0) return undefined;
  if (budget === 0) return 'none';
  return STEPS.find((step) => budget <= (BUDGETS[step] ?? 0)) ?? 'high';
}
