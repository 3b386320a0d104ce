/** OpenRouter's own package, which checks every answer against its schemas. */

import { OpenRouter } from '@openrouter/sdk';
import type { ChatMessages, ChatRequest, ChatResult, ChatToolCall } from '@openrouter/sdk/models';
import { cityOf, type SdkClient, type Target, TOOL } from './sdk-client.ts';

const clientOf = ({ url, key }: Target): OpenRouter =>
  new OpenRouter({ serverURL: `${url}/api/v1`, apiKey: key, retryConfig: { strategy: 'none' } });

const tools: ChatRequest['tools'] = [
  { type: 'function', function: { ...TOOL, parameters: structuredClone(TOOL.parameters) as object } },
];

type Answer = {
  text: string;
  pieces: number;
  readonly calls: ChatToolCall[];
  inputTokens: number;
  outputTokens: number;
};

async function plain(target: Target, chatRequest: ChatRequest): Promise<Answer> {
  const { choices, usage } = (await clientOf(target).chat.send({
    chatRequest: { ...chatRequest, stream: false },
  })) as ChatResult;
  const { content, toolCalls = [] } = choices[0]?.message ?? {};
  return {
    text: typeof content === 'string' ? content : '',
    pieces: 1,
    calls: toolCalls,
    inputTokens: usage?.promptTokens ?? 0,
    outputTokens: usage?.completionTokens ?? 0,
  };
}

async function streamed(target: Target, chatRequest: ChatRequest): Promise<Answer> {
  const answer: Answer = { text: '', pieces: 0, calls: [], inputTokens: 0, outputTokens: 0 };
  const stream = await clientOf(target).chat.send({ chatRequest: { ...chatRequest, stream: true } });
  if (!(Symbol.asyncIterator in stream)) throw new Error('no stream');
  for await (const { choices, usage } of stream) {
    const { content, toolCalls = [] } = choices[0]?.delta ?? {};
    if (content) {
      answer.text += content;
      answer.pieces += 1;
    }
    for (const { index, id, function: said } of toolCalls) {
      answer.calls[index] ??= { type: 'function', id: id ?? '', function: { name: '', arguments: '' } };
      const call = answer.calls[index].function;
      call.name += said?.name ?? '';
      call.arguments += said?.arguments ?? '';
    }
    answer.inputTokens = usage?.promptTokens ?? answer.inputTokens;
    answer.outputTokens = usage?.completionTokens ?? answer.outputTokens;
  }
  return answer;
}

const asked = ({ model }: Target, messages: ChatMessages[]): ChatRequest => ({ model, messages });

export const OPENROUTER: readonly SdkClient[] = [
  {
    name: '@openrouter/sdk',
    dialect: 'openai-chat',
    plain: (target, content) => plain(target, asked(target, [{ role: 'user', content }])),
    stream: (target, content) =>
      streamed(target, {
        ...asked(target, [{ role: 'user', content }]),
        streamOptions: { includeUsage: true },
      }),
    async loop(target, prompt, setting) {
      const messages: ChatMessages[] = [{ role: 'user', content: prompt }];
      for (;;) {
        const ask = setting.streamed ? streamed : plain;
        const { text, calls } = await ask(target, { ...asked(target, messages), tools });
        if (calls.length === 0) return text;
        messages.push({ role: 'assistant', content: text, toolCalls: calls });
        for (const { id, function: said } of calls)
          messages.push({
            role: 'tool',
            toolCallId: id,
            content: setting.weather(cityOf(said.arguments)),
          });
      }
    },
  },
];
