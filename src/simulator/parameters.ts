/**
 * What Model Studio checks in a request before it looks at quotas, with its own words for what is wrong.
 * https://help.aliyun.com/zh/model-studio/error-code and https://help.aliyun.com/zh/model-studio/qwen-api-reference
 */

import { isJsonObject } from '../base/json.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { takeThinking } from '../dialects/thinking.ts';
import type { DialectId } from '../domain/call.ts';
import type { ChatRequest } from '../domain/chat.ts';
import { sealFault, sealsThoughts } from './seals.ts';

/** The most one prompt and one answer of qwen3-max may hold: https://www.alibabacloud.com/help/en/model-studio/models */
const QWEN3_MAX = { input: 258_048, output: 65_536 } as const;

/** For the models of a million tokens of context (inferred). */
const LONG_INPUT = 1_000_000;

const ALWAYS_THINKS = /^(qwq|qvq)/;

/** Thinking is on unless switched off from qwen3.5 on. */
const THINKS_BY_DEFAULT = /^qwen3\.[5-9]/;

export function thinks(request: ChatRequest): boolean {
  if (ALWAYS_THINKS.test(request.model)) return true;
  const wish = request.extra['enable_thinking'] ?? wishOfMessages(request.extra['thinking']);
  return typeof wish === 'boolean' ? wish : THINKS_BY_DEFAULT.test(request.model);
}

/** On the Anthropic path: https://www.alibabacloud.com/help/en/model-studio/anthropic-api-messages */
function wishOfMessages(thinking: unknown): boolean | undefined {
  const type = isJsonObject(thinking) ? thinking['type'] : undefined;
  return typeof type === 'string' ? type !== 'disabled' : undefined;
}

/** A request of a dialect that says its parameters in other places, by the names that are looked for here. */
export function asQwenAsks(dialect: Dialect, body: Uint8Array): ChatRequest {
  const request = dialect.readCrossing?.(body).request ?? dialect.readRequest(body);
  const { thinking, rest } = takeThinking(request.extra);
  if (thinking === undefined) return request;
  return { ...request, extra: { ...rest, thinking: { type: thinking.on ? 'enabled' : 'disabled' } } };
}

/** How many answers are asked for. */
export function choicesOf(request: ChatRequest): number {
  const choices = request.extra['n'];
  return typeof choices === 'number' ? choices : 1;
}

/** The vendor's message, or undefined when all is well. */
export function faultOf(
  request: ChatRequest,
  promptTokens: number,
  dialect: DialectId = 'openai-chat',
): string | undefined {
  return (
    (dialect === 'anthropic-messages' ? roleFault(request) : undefined) ??
    sealFault(request) ??
    thinkingFault(request) ??
    rangeFault(request, promptTokens) ??
    formatFault(request)
  );
}

/** The path of messages knows no turns of the system: https://github.com/QwenLM/Qwen/issues/2244 */
function roleFault(request: ChatRequest): string | undefined {
  const place = request.messages.findIndex(({ role }, i) => role === 'system' && i > 0);
  return place < 0 || sealsThoughts(request)
    ? undefined
    : `messages[${place - 1}].role: unknown variant \`system\`, expected \`user\` or \`assistant\``;
}

function thinkingFault(request: ChatRequest): string | undefined {
  const { extra, stream, toolChoice } = request;
  if (ALWAYS_THINKS.test(request.model) && !stream)
    return 'This model only support stream mode, please enable the stream parameter to access the model.';
  if (extra['enable_thinking'] === true && !stream)
    return 'parameter.enable_thinking must be set to false for non-streaming calls';
  const budget = extra['thinking_budget'];
  if (budget !== undefined && !(Number.isInteger(budget) && Number(budget) > 0))
    return 'The thinking_budget parameter must be a positive integer and not greater than 81920';
  if (!thinks(request)) return undefined;
  if (sealsThoughts(request)) return undefined;
  if (toolChoice === 'required' || typeof toolChoice === 'object')
    return 'tool_choice is one of the strings that should be ["none", "auto"]';
  if (request.responseFormat === 'json_object' || request.responseFormat === 'json_schema')
    return 'Json mode response is not supported when enable_thinking is true';
  return undefined;
}

function rangeFault(request: ChatRequest, promptTokens: number): string | undefined {
  const { temperature } = request.extra;
  if (typeof temperature === 'number' && !(temperature >= 0 && temperature < 2))
    return 'Temperature should be in [0.0, 2.0)';
  const choices = choicesOf(request);
  if (!(Number.isInteger(choices) && choices >= 1 && choices <= 4)) return 'Range of n should be [1, 4]';
  const bounded = request.model.startsWith('qwen3-max');
  const longest = bounded ? QWEN3_MAX.input : LONG_INPUT;
  if (promptTokens > longest) return `Range of input length should be [1, ${longest}]`;
  if (bounded && (request.maxOutputTokens ?? 1) > QWEN3_MAX.output * choices)
    return `Range of max_tokens should be [1, ${QWEN3_MAX.output}]`;
  return undefined;
}

function formatFault(request: ChatRequest): string | undefined {
  if (request.responseFormat !== 'json_object') return undefined;
  const says = request.messages.some((message) =>
    message.parts.some((part) => part.type === 'text' && /json/i.test(part.text)),
  );
  return says
    ? undefined
    : "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
}

/** The schema of a structured answer, as the OpenAI field carries it. */
export function schemaOf(request: ChatRequest): unknown {
  const format = request.extra['response_format'];
  const inner = isJsonObject(format) ? format['json_schema'] : undefined;
  return isJsonObject(inner) ? inner['schema'] : undefined;
}
