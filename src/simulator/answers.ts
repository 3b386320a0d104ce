/**
 * What the simulated model says: the words follow from the prompt, their number from `random`. The plan is a list of
 * steps, one per chunk on the wire, each with the tokens it costs; when they are said is left to `pace.ts`.
 */

import type { ChatEvent, ChatMessage, ChatRequest, ChatTool, FinishReason } from '../domain/chat.ts';
import type { Usage } from '../domain/usage.ts';
import { callFor, type OrderedCall, orderOf } from './file-order.ts';
import { choicesOf, schemaOf, thinks } from './parameters.ts';
import { sampleOf } from './sample-json.ts';
import { sealOf, sealsThoughts } from './seals.ts';

export type AnswerOptions = {
  /** Mean length of an answer; lengths spread evenly from half of it to one and a half. */
  readonly outputTokens: number;
  readonly tokensPerChunk: number;
};

export const DEFAULT_ANSWERS: AnswerOptions = { outputTokens: 60, tokensPerChunk: 4 };

/** One chunk on the wire. */
export type Step = { readonly events: readonly ChatEvent[]; readonly tokens: number };

export type Answer = { readonly steps: readonly Step[]; readonly usage: Usage };

export type AnswerSetting = {
  readonly promptTokens: number;
  readonly random: () => number;
  readonly options: AnswerOptions;
};

export function planAnswer(request: ChatRequest, setting: AnswerSetting): Answer {
  const { options, promptTokens } = setting;
  const choices = choicesOf(request);
  const limit = Math.floor((request.maxOutputTokens ?? Infinity) / choices);
  const steps: Step[] = [];
  let output = 0;
  let reasoning = 0;
  for (let index = 0; index < choices; index += 1) {
    const choice = choices > 1 ? { choice: index } : {};
    if (thinks(request)) {
      const thought = thoughtOf(request, setting);
      reasoning += thought.length;
      for (const text of chunked(thought, options))
        steps.push({ events: [{ type: 'reasoning', text: text.join(''), ...choice }], tokens: text.length });
      if (sealsThoughts(request)) {
        const signature = sealOf(thought.join(''));
        steps.push({ events: [{ type: 'reasoning', text: '', signature, ...choice }], tokens: 0 });
      }
    }
    const said = sayingOf(request, limit, setting);
    for (const step of said.steps) {
      steps.push(
        choices > 1 ? { ...step, events: step.events.map((event) => ({ ...event, ...choice })) } : step,
      );
      output += step.tokens;
    }
    steps.push({ events: [{ type: 'finish', reason: said.reason, ...choice }], tokens: 0 });
  }
  const usage: Usage = {
    input: promptTokens,
    cacheRead: 0,
    cacheWrite: 0,
    output,
    reasoning,
    source: 'upstream',
  };
  steps.push({ events: [{ type: 'usage', usage }], tokens: 0 });
  return { steps, usage };
}

type Saying = { readonly steps: readonly Step[]; readonly reason: FinishReason };

function sayingOf(request: ChatRequest, limit: number, setting: AnswerSetting): Saying {
  const calls = callsOf(request);
  if (calls.length > 0) return toolCalls(calls, limit, setting);

  const wanted = lengthOf(setting);
  const words = behind(textOf(request, wanted), begunOf(request));
  const pieces =
    request.responseFormat === 'json_object' || request.responseFormat === 'json_schema'
      ? piecesOf(jsonOf(request, words.join('')))
      : words;
  const steps = chunked(pieces.slice(0, limit), setting.options).map(
    (text): Step => ({ events: [{ type: 'text', text: text.join('') }], tokens: text.length }),
  );
  return { steps, reason: pieces.length > limit ? 'length' : 'stop' };
}

/**
 * What of the answer stands in the request already, as its last message, marked `partial`:
 * https://help.aliyun.com/zh/model-studio/partial-mode
 */
function begunOf({ messages }: ChatRequest): string {
  const last = messages.at(-1);
  return last?.role === 'assistant' ? saidIn(last) : '';
}

/** The words that follow on a beginning of theirs. */
function behind(words: readonly string[], begun: string): readonly string[] {
  let said = 0;
  let next = 0;
  for (; next < words.length && said + (words[next]?.length ?? 0) <= begun.length; next++)
    said += words[next]?.length ?? 0;
  return words.slice(next);
}

function jsonOf(request: ChatRequest, text: string): string {
  const schema = schemaOf(request);
  return JSON.stringify(
    schema === undefined ? { answer: text, confident: true } : sampleOf(schema, text.slice(0, 40)),
  );
}

/** An order that a tool can carry out goes before everything else that may call for one. */
function callsOf(request: ChatRequest): readonly OrderedCall[] {
  const order = request.toolChoice === 'none' ? undefined : orderOf(request);
  const ordered = order && callFor(order, request.tools ?? []);
  return ordered === undefined
    ? toolsCalled(request).map((tool) => ({
        tool,
        arguments: JSON.stringify(sampleOf(tool.parameters ?? { type: 'object' }, '杭州 ☀️ today')),
      }))
    : [ordered];
}

/** Only a turn of the user is answered with a call: forced, or because the user speaks of a tool. */
function toolsCalled(request: ChatRequest): readonly ChatTool[] {
  const { tools = [], toolChoice } = request;
  const first = tools[0];
  if (first === undefined || toolChoice === 'none') return [];
  if (request.messages.at(-1)?.role !== 'user') return [];
  if (typeof toolChoice === 'object')
    return tools.filter((tool) => tool.name === toolChoice.name).slice(0, 1);

  const text = lastTextOf(request);
  const named = tools.filter((tool) => text.includes(tool.name));
  if (named.length > 0) return request.extra['parallel_tool_calls'] === true ? named : named.slice(0, 1);
  return toolChoice === 'required' || /\btools?\b/i.test(text) ? [first] : [];
}

function toolCalls(calls: readonly OrderedCall[], limit: number, setting: AnswerSetting): Saying {
  const steps: Step[] = [];
  let left = limit;
  for (const [index, { tool, arguments: said }] of calls.entries()) {
    if (left <= 0) break;
    const id = `call_${hex(setting.random)}${hex(setting.random)}${hex(setting.random)}`;
    steps.push({ events: [{ type: 'tool-call', index, id, name: tool.name, arguments: '' }], tokens: 1 });
    left -= 1;
    const pieces = piecesOf(said);
    for (const text of chunked(pieces.slice(0, left), setting.options))
      steps.push({
        events: [{ type: 'tool-call', index, arguments: text.join('') }],
        tokens: text.length,
      });
    left -= pieces.length;
  }
  return { steps, reason: left < 0 ? 'length' : 'tool_calls' };
}

function lengthOf({ options, random }: AnswerSetting): number {
  return Math.max(1, Math.round(options.outputTokens * (0.5 + random())));
}

/** `max_tokens` does not bound the chain of thought, `thinking_budget` does. */
function thoughtOf(request: ChatRequest, setting: AnswerSetting): readonly string[] {
  const budget = request.extra['thinking_budget'];
  const wanted = Math.min(lengthOf(setting), typeof budget === 'number' ? budget : Infinity);
  return [
    'Let',
    ' me',
    ' think',
    ' 🤔',
    ':',
    ...wordsFrom(hashOf(lastTextOf(request)) ^ 0x5bd1, wanted),
  ].slice(0, wanted);
}

/** One string per token: an echo of the last message, then words that follow from it. */
function textOf(request: ChatRequest, wanted: number): string[] {
  const text = lastTextOf(request);
  const echo = piecesOf(`"${text.slice(0, 40).toWellFormed()}":`);
  const words = [...echo, ...wordsFrom(hashOf(text), Math.max(0, wanted - echo.length))].slice(0, wanted);
  words.push(`${words.pop() ?? ''}.`);
  return words;
}

function lastTextOf(request: ChatRequest): string {
  const last = request.messages.findLast(({ role }, i) => role !== 'assistant' || i === 0);
  return last === undefined ? '' : saidIn(last, ' ');
}

const saidIn = ({ parts }: ChatMessage, between = ''): string =>
  parts.map((part) => (part.type === 'text' ? part.text : '')).join(between);

/** Among them signs of two, three and four bytes, and one that is joined of several. */
const WORDS = [
  ...[
    ' the',
    ' gate',
    ' opens',
    ' and',
    ' water',
    ' runs',
    ' evenly',
    ' through',
    ' many',
    ' channels',
    ' to',
  ],
  ...[
    ' every',
    ' field',
    ' that',
    ' waits',
    ',',
    ' slowly',
    ' while',
    ' nobody',
    ' is',
    ' turned',
    ' away',
    '\n',
  ],
  ...[
    '水',
    '闸',
    '打开',
    '，',
    '渠道',
    '均匀',
    '。',
    ' über',
    ' naïve',
    ' 🌊',
    ' 👩‍🌾',
    ' 🚀',
    ' ずっと',
    ' 흐름',
  ],
] as const;

function wordsFrom(seed: number, count: number): string[] {
  const words: string[] = [];
  let state = seed >>> 0;
  for (let index = 0; index < count; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words.push(WORDS[(state >>> 16) % WORDS.length] ?? '');
  }
  return words;
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/** Pieces of four code points: no sign is cut in two. */
const piecesOf = (text: string): string[] => text.match(/.{1,4}/gsu) ?? [];

function chunked(pieces: readonly string[], { tokensPerChunk }: AnswerOptions): string[][] {
  const chunks: string[][] = [];
  for (let from = 0; from < pieces.length; from += tokensPerChunk)
    chunks.push(pieces.slice(from, from + tokensPerChunk));
  return chunks;
}

const hex = (random: () => number): string =>
  Math.floor(random() * 0x1_0000_0000)
    .toString(16)
    .padStart(8, '0');
