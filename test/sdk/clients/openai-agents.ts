/** OpenAI's agents library, which runs the loop of tools by itself, by responses and by chat. */

import {
  Agent,
  type Model,
  OpenAIChatCompletionsModel,
  OpenAIResponsesModel,
  Runner,
  tool,
} from '@openai/agents';
import OpenAI from 'openai';
import { type LoopSetting, type SdkClient, type Target, TOOL } from './sdk-client.ts';

const runner = new Runner({ tracingDisabled: true });

const agentsClient = (
  name: string,
  dialect: SdkClient['dialect'],
  modelOf: (openai: OpenAI, model: string) => Model,
): SdkClient => {
  const agentOf = ({ url, key, model }: Target, weather?: LoopSetting['weather']) =>
    new Agent({
      name: 'Tester',
      model: modelOf(new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 }), model),
      tools:
        weather === undefined
          ? []
          : [
              tool({
                name: TOOL.name,
                description: TOOL.description,
                parameters: structuredClone(TOOL.parameters) as never,
                strict: false,
                execute: (input: unknown) => weather((input as { city: unknown }).city),
              }),
            ],
    });
  return {
    name,
    dialect,
    async plain(target, prompt) {
      const { finalOutput, state } = await runner.run(agentOf(target), prompt);
      return { text: String(finalOutput), pieces: 1, ...state.usage };
    },
    async stream(target, prompt) {
      const result = await runner.run(agentOf(target), prompt, { stream: true });
      let text = '';
      let pieces = 0;
      for await (const event of result)
        if (event.type === 'raw_model_stream_event' && event.data.type === 'output_text_delta') {
          text += event.data.delta;
          pieces += 1;
        }
      await result.completed;
      return { text, pieces, ...result.state.usage };
    },
    async loop(target, prompt, { weather, streamed }) {
      const agent = agentOf(target, weather);
      if (!streamed) return String((await runner.run(agent, prompt)).finalOutput);
      const result = await runner.run(agent, prompt, { stream: true });
      await result.completed;
      return String(result.finalOutput);
    },
  };
};

export const OPENAI_AGENTS: readonly SdkClient[] = [
  agentsClient(
    '@openai/agents, responses',
    'openai-responses',
    (openai, model) => new OpenAIResponsesModel(openai as never, model),
  ),
  agentsClient(
    '@openai/agents, chat',
    'openai-chat',
    (openai, model) => new OpenAIChatCompletionsModel(openai as never, model),
  ),
];
