/** One answer, a text and a call of a tool, in the pieces in which an upstream of each dialect tells it. */

import type { ChatDialectId } from '../../src/domain/call.ts';

export type Spoken = {
  /** Who speaks it, and first of all it. */
  readonly provider: string;
  /** What tells no content yet. */
  readonly opening: readonly string[];
  /** Words of `TEXT`. */
  readonly text: readonly string[];
  /** Up to the last of them the arguments, `ARGUMENTS`, are not whole. */
  readonly tool: readonly string[];
  /** With the first of them all has been said. */
  readonly end: readonly string[];
  /** Instead of any of them. */
  readonly error: string;
  /** What the log says of the use of an answer that broke off. */
  readonly brokenUsage: object;
};

export const TEXT = 'Once 水 a time';
export const ARGUMENTS = '{"city":"Paris"}';
const WORDS = ['Once', ' 水', ' a', ' time'] as const;
const PIECES = ['{"city":"Par', 'is"}'] as const;

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

const call = (piece: string, more: object = {}): string =>
  chunk({ tool_calls: [{ index: 0, ...more, function: { name: 'f', arguments: piece } }] });

const named = (value: { readonly type: string }): string =>
  `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;

const block = (what: 'start' | 'delta' | 'stop', index: number, more: object = {}): string =>
  named({ type: `content_block_${what}`, ...{ index, ...more } });

const MESSAGE = {
  ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null },
  usage: { input_tokens: 321, output_tokens: 1 },
};

/** Numbered as they are made. */
function responsesPieces(): Omit<Spoken, 'provider' | 'error' | 'brokenUsage'> {
  let sequence = 0;
  const event = (type: string, more: object): string =>
    named({ type: `response.${type}`, ...{ sequence_number: sequence++, ...more } });
  const response = (status: string, more: object = {}) => ({
    response: { id: 'resp_1', object: 'response', created_at: 1, status, model: 'm', output: [], ...more },
  });
  const text = { output_index: 0, item_id: 'msg_1', content_index: 0 };
  const tool = { output_index: 1, item_id: 'fc_1' };
  const message = { id: 'msg_1', type: 'message', role: 'assistant', content: [] };
  const calling = { id: 'fc_1', type: 'function_call', call_id: 'call_1', name: 'f', arguments: '' };
  return {
    opening: [
      event('created', response('in_progress')),
      event('in_progress', response('in_progress')),
      event('output_item.added', { output_index: 0, item: message }),
      event('content_part.added', { ...text, part: { type: 'output_text', text: '' } }),
    ],
    text: WORDS.map((delta) => event('output_text.delta', { ...text, delta })),
    tool: [
      event('output_text.done', { ...text, text: TEXT }),
      event('output_item.done', { output_index: 0, item: message }),
      event('output_item.added', { output_index: 1, item: calling }),
      ...PIECES.map((delta) => event('function_call_arguments.delta', { ...tool, delta })),
    ],
    end: [
      event('function_call_arguments.done', { ...tool, arguments: ARGUMENTS }) +
        event('output_item.done', { output_index: 1, item: { ...calling, arguments: ARGUMENTS } }) +
        event('completed', response('completed', { usage: { input_tokens: 9, output_tokens: 20 } })),
    ],
  };
}

const candidate = (parts: readonly object[], more: object = {}): string =>
  `data: ${JSON.stringify({
    candidates: [{ content: { parts, role: 'model' }, ...more, index: 0 }],
    ...{ usageMetadata: { promptTokenCount: 321 }, modelVersion: 'm', responseId: 'r' },
  })}\n\n`;

export const SPOKEN: Readonly<Record<ChatDialectId, Spoken>> = {
  'openai-chat': {
    provider: 'openai-compatible',
    opening: [chunk({ role: 'assistant', content: '' })],
    text: WORDS.map((content) => chunk({ content })),
    tool: [call('', { id: 'call_1', type: 'function' }), ...PIECES.map((piece) => call(piece))],
    end: [chunk({}, 'tool_calls'), 'data: [DONE]\n\n'],
    error: `data: ${JSON.stringify({ error: { message: 'overloaded', type: 'server_error', code: 503 } })}\n\n`,
    brokenUsage: { source: 'estimated' },
  },
  'anthropic-messages': {
    provider: 'anthropic',
    opening: [
      named({ type: 'message_start', ...{ message: MESSAGE } }),
      block('start', 0, { content_block: { type: 'text', text: '' } }),
    ],
    text: WORDS.map((text) => block('delta', 0, { delta: { type: 'text_delta', text } })),
    tool: [
      block('stop', 0),
      block('start', 1, { content_block: { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} } }),
      ...PIECES.map((piece) =>
        block('delta', 1, { delta: { type: 'input_json_delta', partial_json: piece } }),
      ),
    ],
    end: [
      block('stop', 1) +
        named({
          type: 'message_delta',
          ...{ delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 20 } },
        }),
      named({ type: 'message_stop' }),
    ],
    error: named({ type: 'error', ...{ error: { type: 'overloaded_error', message: 'Overloaded' } } }),
    brokenUsage: { input: 321, source: 'partial' },
  },
  'openai-responses': {
    provider: 'openai',
    ...responsesPieces(),
    error: named({ type: 'error', ...{ code: 'server_is_overloaded', message: 'Busy.', param: null } }),
    brokenUsage: { source: 'estimated' },
  },
  gemini: {
    provider: 'gemini',
    opening: [],
    text: WORDS.map((text) => candidate([{ text }])),
    tool: [candidate([{ functionCall: { name: 'f', args: { city: 'Paris' } } }])],
    end: [candidate([{ text: '' }], { finishReason: 'STOP' })],
    error: `data: ${JSON.stringify({ error: { code: 503, message: 'Overloaded.', status: 'UNAVAILABLE' } })}\n\n`,
    brokenUsage: { input: 321, source: 'partial' },
  },
};
