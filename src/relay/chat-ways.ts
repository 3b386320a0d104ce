/**
 * A request that crosses between dialects, in the words of the provider that is asked: how it is told to think, which
 * fields beyond the usual ones it takes, and what it would refuse. What it cannot be told is left out and named. Bodies
 * of the client's own dialect never come here.
 */

import { effortOf, type TakenThinking, type Thinking, takeThinking } from '../dialects/thinking.ts';
import type { DialectId } from '../domain/call.ts';
import type { ChatMessage, ChatPart, ChatRequest } from '../domain/chat.ts';
import type { ChatWays, Provider } from '../providers/provider.ts';

type Target = {
  readonly provider: Provider;
  readonly dialect: DialectId;
  readonly dropped: Set<string>;
};

/** They have words for more of a wish for thinking than how hard. */
const SAYS_MORE: ReadonlySet<DialectId> = new Set(['openai-chat', 'anthropic-messages', 'gemini'] as const);

/** Before the dialect says what it can: what other dialects would not know is brought to what they all do. */
export function portable(request: ChatRequest, { provider, dialect, dropped }: Target): ChatRequest {
  const keepsCache =
    dialect === 'anthropic-messages' ||
    (dialect === 'openai-chat' && provider.chatWays?.knows?.includes('cache_control') === true);
  const messages = keepsCache ? request.messages : withoutCache(request.messages, dropped);
  if (SAYS_MORE.has(dialect)) return { ...request, messages };
  const { thinking, rest } = takeThinking(request.extra);
  const effort = thinking === undefined ? undefined : effortOf(thinking);
  const extra = effort === undefined ? rest : { ...rest, reasoning_effort: effort };
  return { ...request, messages, extra };
}

/** In OpenAI chat every provider has ways of its own. */
export function inItsWay(request: ChatRequest, { provider, dialect, dropped }: Target): ChatRequest {
  if (dialect !== 'openai-chat') return request;
  const ways = provider.chatWays ?? {};
  const taken = takeThinking(request.extra);
  const extra = {
    ...known(taken.rest, ways, dropped),
    ...thinkingFields({ ...request, extra: taken.rest }, { taken, ways, dropped }),
  };
  const messages = ways.wantsThoughts ? request.messages.map(withThought) : request.messages;
  return { ...request, messages, extra };
}

function withoutCache(messages: readonly ChatMessage[], dropped: Set<string>): readonly ChatMessage[] {
  const isMarked = (part: ChatPart): boolean => part.type === 'text' && part.cacheControl !== undefined;
  if (!messages.some(({ parts }) => parts.some(isMarked))) return messages;
  dropped.add('cache_control');
  return messages.map((message) => ({
    ...message,
    parts: message.parts.map((part) => (part.type === 'text' ? { type: 'text', text: part.text } : part)),
  }));
}

/** Of those who made fields of their own, which others refuse. */
const SELDOM = ['top_k', 'repetition_penalty'] as const;
/** What is above is wrong everywhere, and its provider may say so. */
const HIGHEST_TEMPERATURE = 2;
/** The next lower one that a provider would see as such. */
const JUST_BELOW = 0.01;

function known(extra: ChatRequest['extra'], ways: ChatWays, dropped: Set<string>): ChatRequest['extra'] {
  const fitted: Record<string, unknown> = { ...extra };
  for (const name of SELDOM) {
    if (fitted[name] === undefined || ways.knows?.includes(name)) continue;
    delete fitted[name];
    dropped.add(name);
  }
  const { temperature } = fitted;
  const { temperatureBelow: end = Infinity } = ways;
  if (typeof temperature === 'number' && temperature >= end && temperature <= HIGHEST_TEMPERATURE) {
    fitted['temperature'] = end - JUST_BELOW;
    dropped.add('temperature');
  }
  return fitted;
}

/** Nothing was thought, as far as is known here. */
const withThought = (message: ChatMessage): ChatMessage =>
  message.role === 'assistant' && message.toolCalls?.length && message.reasoning === undefined
    ? { ...message, reasoning: '' }
    : message;

type Wish = { readonly taken: TakenThinking; readonly ways: ChatWays; readonly dropped: Set<string> };

function thinkingFields(request: ChatRequest, { taken, ways, dropped }: Wish): ChatRequest['extra'] {
  const { thinking } = taken;
  if (thinking === undefined) return {};
  const { thinks = 'reasoning_effort', thinkers, effortToo } = ways;
  if (thinks === 'never' || thinkers?.test(request.model) === false) {
    if (thinking.on) dropped.add('thinking');
    return {};
  }
  if (thinks === 'reasoning_effort') return effortField(thinking, request.model);
  // Where it thinks, none of them can be forced to call a tool, nor to answer in JSON.
  const isForced =
    request.toolChoice === 'required' ||
    typeof request.toolChoice === 'object' ||
    (thinks === 'enable_thinking' && (request.responseFormat ?? 'text') !== 'text');
  const on = thinking.on && !isForced;
  if (thinking.on && isForced) dropped.add('thinking');
  if (thinks === 'enable_thinking') return { enable_thinking: on, ...(on ? budgetField(thinking) : {}) };
  const effort = effortOf(thinking);
  return {
    thinking: { type: on ? 'enabled' : 'disabled' },
    ...(on && effortToo && effort !== undefined ? { reasoning_effort: effort } : {}),
  };
}

/** https://platform.openai.com/docs/guides/reasoning ; others than the newest have nothing above `high`. */
const ABOVE_HIGH = /^gpt-(?:5\.[2-9]|[6-9])/;

function effortField(thinking: Thinking, model: string): ChatRequest['extra'] {
  const effort = effortOf(thinking);
  if (effort === undefined) return {};
  if (!thinking.on && effort !== 'none' && effort !== 'minimal') return {};
  return { reasoning_effort: effort === 'max' ? (ABOVE_HIGH.test(model) ? 'xhigh' : 'high') : effort };
}

/** The least that the most sparing of its models takes at most: https://help.aliyun.com/zh/model-studio/deep-thinking */
const MOST_BUDGET_TOKENS = 32_768;
const SMALL_BUDGETS: ReadonlyMap<string | undefined, number> = new Map([
  ['minimal', 1_024],
  ['low', 2_048],
  ['medium', 8_192],
]);

/** Who wishes for much gets what the model has. */
function budgetField({ budgetTokens, effort }: Thinking): ChatRequest['extra'] {
  const budget = budgetTokens ?? SMALL_BUDGETS.get(effort);
  return budget === undefined || budget >= MOST_BUDGET_TOKENS ? {} : { thinking_budget: budget };
}
