/**
 * The wish for thinking, which every dialect and provider says in its own fields: whether, how hard, and for how many
 * tokens at most. Between dialects it travels in the extras of a request under the names of those who speak OpenAI chat.
 */

import type { JsonObject } from '../base/json.ts';
import { objectOf } from './openai-chat/wire.ts';

export type Thinking = {
  readonly on: boolean;
  /** `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`, or a word that a provider adds. */
  readonly effort?: string;
  readonly budgetTokens?: number;
};

export type TakenThinking = {
  /** Undefined: nothing was wished for. */
  readonly thinking: Thinking | undefined;
  /** The fields that said so. */
  readonly names: readonly string[];
  readonly rest: JsonObject;
};

/** Of OpenAI; of Qwen; of DeepSeek, Zhipu, Moonshot and Anthropic; of OpenRouter. */
const FIELDS = ['reasoning_effort', 'enable_thinking', 'thinking_budget', 'thinking', 'reasoning'] as const;

/** Takes the wish out of the extras of a request. */
export function takeThinking(extra: JsonObject): TakenThinking {
  const names = FIELDS.filter((name) => extra[name] !== undefined && extra[name] !== null);
  if (names.length === 0) return { thinking: undefined, names, rest: extra };
  const rest = Object.fromEntries(Object.entries(extra).filter(([name]) => !names.some((n) => n === name)));
  const own = objectOf(extra['thinking']);
  const routed = objectOf(extra['reasoning']);
  const effort = wordOf(extra['reasoning_effort']) ?? wordOf(routed?.['effort']);
  const budgetTokens =
    countOf(extra['thinking_budget']) ?? countOf(own?.['budget_tokens']) ?? countOf(routed?.['max_tokens']);
  const told = [extra['enable_thinking'], routed?.['enabled'], isOn(own?.['type'])];
  const switched = told.find((each) => typeof each === 'boolean');
  const on =
    switched === undefined
      ? budgetTokens !== undefined || (effort !== undefined && effort !== 'none' && effort !== 'minimal')
      : switched === true;
  return {
    thinking: {
      on,
      ...(effort === undefined ? {} : { effort }),
      ...(budgetTokens === undefined ? {} : { budgetTokens }),
    },
    names,
    rest,
  };
}

const wordOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const countOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined;

const isOn = (type: unknown): boolean | undefined =>
  typeof type === 'string' ? type !== 'disabled' : undefined;

/** Nobody publishes what an effort is in tokens: these are ours, doubling from the least budget that is taken. */
const BUDGETS: ReadonlyMap<string, number> = new Map([
  ['minimal', 1_024],
  ['low', 2_048],
  ['medium', 8_192],
  ['high', 16_384],
  ['xhigh', 24_576],
  ['max', 32_000],
]);

export const budgetOf = ({ budgetTokens, effort = 'medium' }: Thinking): number =>
  budgetTokens ?? BUDGETS.get(effort) ?? 8_192;

/** The word that OpenAI's models know for it; undefined where the model shall do as it usually does. */
export function effortOf({ on, effort, budgetTokens }: Thinking): string | undefined {
  if (effort !== undefined) return effort;
  if (!on || budgetTokens === undefined) return undefined;
  return budgetTokens < 4_096 ? 'low' : budgetTokens < 16_384 ? 'medium' : 'high';
}
