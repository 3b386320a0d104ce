/** LangChain's packages for OpenAI, by chat and by responses, and for Anthropic. */

import { ChatAnthropic } from '@langchain/anthropic';
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import {
  type AIMessageChunk,
  type BaseMessage,
  HumanMessage,
  ToolMessage,
  type UsageMetadata,
} from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI } from '@langchain/openai';
import { type SdkClient, type Target, TOOL, type Weather } from './sdk-client.ts';

const usageOf = (message: AIMessageChunk) => {
  const usage = message.usage_metadata as UsageMetadata | undefined;
  return { inputTokens: usage?.input_tokens ?? 0, outputTokens: usage?.output_tokens ?? 0 };
};

const toolOf = (weather: Weather) =>
  tool((input) => weather((input as { city: unknown }).city), {
    name: TOOL.name,
    description: TOOL.description,
    schema: structuredClone(TOOL.parameters) as object,
  });

const langchainClient = (
  name: string,
  dialect: SdkClient['dialect'],
  modelOf: (target: Target) => BaseChatModel,
): SdkClient => ({
  name,
  dialect,
  async plain(target, prompt) {
    const answer = await modelOf(target).invoke(prompt);
    return { text: answer.text, pieces: 1, ...usageOf(answer as AIMessageChunk) };
  },
  async stream(target, prompt) {
    let whole: AIMessageChunk | undefined;
    let pieces = 0;
    for await (const chunk of await modelOf(target).stream(prompt)) {
      whole = whole === undefined ? chunk : whole.concat(chunk);
      if (chunk.text !== '') pieces += 1;
    }
    if (whole === undefined) return { text: '', pieces, inputTokens: 0, outputTokens: 0 };
    return { text: whole.text, pieces, ...usageOf(whole) };
  },
  async loop(target, prompt, { weather, streamed }) {
    const weatherTool = toolOf(weather);
    const model = modelOf(target).bindTools?.([weatherTool]);
    if (model === undefined) throw new Error('no tools');
    const messages: BaseMessage[] = [new HumanMessage(prompt)];
    for (;;) {
      let answer: AIMessageChunk | undefined;
      if (streamed)
        for await (const chunk of await model.stream(messages))
          answer = answer === undefined ? chunk : answer.concat(chunk);
      else answer = await model.invoke(messages);
      if (answer === undefined) throw new Error('no answer');
      const calls = answer.tool_calls ?? [];
      if (calls.length === 0) return answer.text;
      messages.push(answer);
      for (const { id = '', args } of calls)
        messages.push(new ToolMessage({ tool_call_id: id, content: await weatherTool.invoke(args) }));
    }
  },
});

const openai = ({ url, key, model }: Target, useResponsesApi: boolean) =>
  new ChatOpenAI({
    model,
    apiKey: key,
    useResponsesApi,
    maxRetries: 0,
    configuration: { baseURL: `${url}/v1` },
  });

export const LANGCHAIN: readonly SdkClient[] = [
  langchainClient('@langchain/openai, chat', 'openai-chat', (target) => openai(target, false)),
  langchainClient('@langchain/openai, responses', 'openai-responses', (target) => openai(target, true)),
  langchainClient(
    '@langchain/anthropic',
    'anthropic-messages',
    ({ url, key, model }) =>
      new ChatAnthropic({ model, anthropicApiUrl: url, apiKey: key, maxRetries: 0, maxTokens: 2_000 }),
  ),
];
