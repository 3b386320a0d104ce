/** The official `openai` package, by chat and by responses. */

import OpenAI from 'openai';
import type { ResponseInput } from 'openai/resources/responses/responses';
import { cityOf, type SdkClient, type Target, TOOL } from './sdk-client.ts';

const clientOf = ({ url, key }: Target): OpenAI =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });

const FUNCTION = { ...TOOL, parameters: structuredClone(TOOL.parameters) as Record<string, unknown> };

const chat: SdkClient = {
  name: 'openai, chat',
  dialect: 'openai-chat',
  async plain(target, content) {
    const { choices, usage } = await clientOf(target).chat.completions.create({
      model: target.model,
      messages: [{ role: 'user', content }],
    });
    return {
      text: choices[0]?.message.content ?? '',
      pieces: 1,
      inputTokens: usage?.prompt_tokens ?? 0,
      outputTokens: usage?.completion_tokens ?? 0,
    };
  },
  async stream(target, content) {
    const stream = clientOf(target).chat.completions.stream({
      model: target.model,
      messages: [{ role: 'user', content }],
      stream_options: { include_usage: true },
    });
    let pieces = 0;
    stream.on('content', () => {
      pieces += 1;
    });
    const { choices, usage } = await stream.finalChatCompletion();
    return {
      text: choices[0]?.message.content ?? '',
      pieces,
      inputTokens: usage?.prompt_tokens ?? 0,
      outputTokens: usage?.completion_tokens ?? 0,
    };
  },
  async loop(target, content, { weather, streamed }) {
    const asked = {
      model: target.model,
      messages: [{ role: 'user' as const, content }],
      tools: [
        {
          type: 'function' as const,
          function: {
            ...FUNCTION,
            parse: JSON.parse,
            function: (said: { city: unknown }) => weather(said.city),
          },
        },
      ],
    };
    const runner = streamed
      ? clientOf(target).chat.completions.runTools({ ...asked, stream: true })
      : clientOf(target).chat.completions.runTools(asked);
    return (await runner.finalContent()) ?? '';
  },
};

const responses: SdkClient = {
  name: 'openai, responses',
  dialect: 'openai-responses',
  async plain(target, input) {
    const { output_text, usage } = await clientOf(target).responses.create({ model: target.model, input });
    return {
      text: output_text,
      pieces: 1,
      inputTokens: usage?.input_tokens ?? 0,
      outputTokens: usage?.output_tokens ?? 0,
    };
  },
  async stream(target, input) {
    const stream = clientOf(target).responses.stream({ model: target.model, input });
    let pieces = 0;
    stream.on('response.output_text.delta', () => {
      pieces += 1;
    });
    const { output_text, usage } = await stream.finalResponse();
    return {
      text: output_text,
      pieces,
      inputTokens: usage?.input_tokens ?? 0,
      outputTokens: usage?.output_tokens ?? 0,
    };
  },
  async loop(target, content, { weather, streamed }) {
    const { responses: api } = clientOf(target);
    const input: ResponseInput = [{ role: 'user', content }];
    for (;;) {
      const asked = {
        model: target.model,
        input,
        tools: [{ type: 'function' as const, strict: false, ...FUNCTION }],
      };
      const answer = streamed ? await api.stream(asked).finalResponse() : await api.create(asked);
      const calls = answer.output.flatMap((item) => (item.type === 'function_call' ? [item] : []));
      if (calls.length === 0) return answer.output_text;
      input.push(...(answer.output as ResponseInput));
      for (const { call_id, arguments: said } of calls)
        input.push({ type: 'function_call_output', call_id, output: weather(cityOf(said)) });
    }
  },
};

export const OPENAI: readonly SdkClient[] = [chat, responses];
