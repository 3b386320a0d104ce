/** The Vercel AI SDK, by each of its packages that speaks a dialect of ours. */

import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, isStepCount, jsonSchema, type LanguageModel, streamText, tool } from 'ai';
import { type SdkClient, type Target, TOOL, type Weather } from './sdk-client.ts';

const toolsOf = (weather: Weather) => ({
  [TOOL.name]: tool({
    description: TOOL.description,
    inputSchema: jsonSchema<{ city: unknown }>(structuredClone(TOOL.parameters) as object),
    execute: ({ city }) => weather(city),
  }),
});

/** The rest of the SDK is the same whoever is spoken to. */
export const aiSdkClient = (
  name: string,
  dialect: SdkClient['dialect'],
  modelOf: (target: Target) => LanguageModel,
): SdkClient => ({
  name,
  dialect,
  async plain(target, prompt) {
    const { text, usage } = await generateText({ model: modelOf(target), prompt, maxRetries: 0 });
    return toldOf(text, 1, usage);
  },
  async stream(target, prompt) {
    const result = streamText({ model: modelOf(target), prompt, maxRetries: 0 });
    let text = '';
    let pieces = 0;
    for await (const piece of result.textStream) {
      text += piece;
      pieces += 1;
    }
    return toldOf(text, pieces, await result.usage);
  },
  async loop(target, prompt, { weather, streamed }) {
    const asked = {
      model: modelOf(target),
      prompt,
      maxRetries: 0,
      tools: toolsOf(weather),
      stopWhen: isStepCount(4),
    };
    return streamed ? await streamText(asked).text : (await generateText(asked)).text;
  },
});

type SdkUsage = { readonly inputTokens: number | undefined; readonly outputTokens: number | undefined };

const toldOf = (text: string, pieces: number, { inputTokens = 0, outputTokens = 0 }: SdkUsage) => ({
  text,
  pieces,
  inputTokens,
  outputTokens,
});

const openai = ({ url, key }: Target) => createOpenAI({ baseURL: `${url}/v1`, apiKey: key });

export const AI_SDK: readonly SdkClient[] = [
  aiSdkClient('@ai-sdk/openai', 'openai-responses', (target) => openai(target)(target.model)),
  aiSdkClient('@ai-sdk/openai, chat', 'openai-chat', (target) => openai(target).chat(target.model)),
  aiSdkClient('@ai-sdk/openai-compatible', 'openai-chat', ({ url, key, model }) =>
    createOpenAICompatible({ name: 'sluice', baseURL: `${url}/v1`, apiKey: key, includeUsage: true })(model),
  ),
  aiSdkClient('@ai-sdk/anthropic', 'anthropic-messages', ({ url, key, model }) =>
    createAnthropic({ baseURL: `${url}/v1`, apiKey: key })(model),
  ),
];
