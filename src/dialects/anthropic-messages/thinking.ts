/**
 * The wish for thinking on its way into Anthropic's wire format, where it depends on the model how it is said, and where
 * it forbids other things: settings of the sampling, a forced tool, a turn of tools whose thought is not there.
 * Sources: https://platform.claude.com/docs/en/build-with-claude/extended-thinking ,
 * https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking
 */

import type { JsonObject } from '../../base/json.ts';
import type { ChatMessage, ChatRequest } from '../../domain/chat.ts';
import { objectOf } from '../openai-chat/wire.ts';
import { budgetOf, type TakenThinking, type Thinking } from '../thinking.ts';

/** The bound is required here; what clients of other dialects leave open is a long answer, not an endless one. */
const USUAL_OUTPUT_TOKENS = 8_192;

/** A budget is at least this, and less than the bound of the answer. */
const LEAST_BUDGET_TOKENS = 1_024;
/** The answer itself needs room, too. */
const MOST_OF_OUTPUT = 0.8;

type Fit = {
  readonly maxOutputTokens: number;
  readonly extra: JsonObject;
};

/** The bound and the extras of a request, with the wish in them as far as this model and request allow it. */
export function fitThinking(
  request: ChatRequest,
  { thinking, names }: TakenThinking,
  { extra, dropped }: { readonly extra: JsonObject; readonly dropped: Set<string> },
): Fit {
  const version = versionOf(request.model);
  const fields = thinking?.on === true ? fieldsOf(request, thinking, version) : undefined;
  if (thinking?.on === true && fields === undefined) for (const name of names) dropped.add(name);
  const sampling = fields !== undefined || (version ?? 0) >= NO_SAMPLING;
  const kept = sampling
    ? withoutSampling(extra, fields === undefined, dropped)
    : (version ?? 0) >= ONE_SETTING
      ? withOneSetting(extra, dropped)
      : extra;
  if (fields === undefined)
    return { maxOutputTokens: request.maxOutputTokens ?? USUAL_OUTPUT_TOKENS, extra: kept };
  const { maxOutputTokens, effort, ...thought } = fields;
  return {
    maxOutputTokens,
    extra: {
      ...kept,
      ...thought,
      ...(effort === undefined ? {} : { output_config: { ...objectOf(kept['output_config']), effort } }),
    },
  };
}

type Fields = {
  readonly thinking: JsonObject;
  readonly effort?: string;
  readonly maxOutputTokens: number;
};

/** Undefined: it cannot think here. */
function fieldsOf(request: ChatRequest, thinking: Thinking, version: number | undefined): Fields | undefined {
  const { maxOutputTokens, messages, toolChoice } = request;
  const isForced = toolChoice === 'required' || typeof toolChoice === 'object';
  if (isForced || (version !== undefined && version < THINKS)) return undefined;
  if (version !== undefined && version >= ADAPTIVE) {
    const effort = effortWord(thinking, version);
    return {
      thinking: { type: 'adaptive' },
      ...(effort === undefined ? {} : { effort }),
      maxOutputTokens: maxOutputTokens ?? budgetOf(thinking) + USUAL_OUTPUT_TOKENS,
    };
  }
  if (lacksThought(messages)) return undefined;
  const wished = Math.max(LEAST_BUDGET_TOKENS, budgetOf(thinking));
  const budget =
    maxOutputTokens === undefined ? wished : Math.min(wished, Math.floor(maxOutputTokens * MOST_OF_OUTPUT));
  if (budget < LEAST_BUDGET_TOKENS) return undefined;
  return {
    thinking: { type: 'enabled', budget_tokens: budget },
    maxOutputTokens: maxOutputTokens ?? budget + USUAL_OUTPUT_TOKENS,
  };
}

/** A turn of tools goes on only with the thought that began it. */
function lacksThought(messages: readonly ChatMessage[]): boolean {
  const last = messages.findLastIndex(({ role }) => role === 'assistant');
  const turn = messages[last];
  if (turn === undefined || !messages.slice(last + 1).some(({ role }) => role === 'tool')) return false;
  return turn.thoughts === undefined && turn.reasoningSignature === undefined;
}

/** The first that think at all, that decide themselves how long, and that take no settings of the sampling any more. */
const THINKS = 3.07;
const ADAPTIVE = 4.06;
const NO_SAMPLING = 4.07;
/** The first that refuse `temperature` beside `top_p`: cloud-apim/otoroshi-llm-extension#140 */
const ONE_SETTING = 4.01;

/** `claude-opus-4-7` is 4.07, `claude-3-5-haiku` 3.05; undefined for models of others. */
function versionOf(model: string): number | undefined {
  const [, major, minor = '0'] = /claude-(?:[a-z]+-)?(\d+)(?:[-.](\d{1,2}))?(?!\d)/.exec(model) ?? [];
  return major === undefined ? undefined : Number(major) + Number(minor) / 100;
}

/** https://platform.claude.com/docs/en/build-with-claude/effort */
function effortWord({ effort }: Thinking, version: number): string | undefined {
  switch (effort) {
    case 'minimal':
      return 'low';
    case 'xhigh':
      return version >= NO_SAMPLING ? 'xhigh' : 'max';
    case 'low':
    case 'medium':
    case 'high':
    case 'max':
      return effort;
    default:
      return undefined;
  }
}

/** While it thinks, `top_p` may be set near to its end. */
const LEAST_TOP_P = 0.95;

function withoutSampling(extra: JsonObject, all: boolean, dropped: Set<string>): JsonObject {
  const { temperature, top_p, top_k, ...rest } = extra;
  const keepsTopP = !all && typeof top_p === 'number' && top_p >= LEAST_TOP_P;
  if (temperature !== undefined && temperature !== 1) dropped.add('temperature');
  if (top_p !== undefined && top_p !== 1 && !keepsTopP) dropped.add('top_p');
  if (top_k !== undefined) dropped.add('top_k');
  return keepsTopP ? { ...rest, top_p } : rest;
}

function withOneSetting(extra: JsonObject, dropped: Set<string>): JsonObject {
  const { top_p, ...rest } = extra;
  if (top_p === undefined || extra['temperature'] === undefined) return extra;
  if (top_p !== 1) dropped.add('top_p');
  return rest;
}
