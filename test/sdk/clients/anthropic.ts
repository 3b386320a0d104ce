/** The official `@anthropic-ai/sdk` package. */

import Anthropic from '@anthropic-ai/sdk';
import { type SdkClient, type Target, TOOL } from './sdk-client.ts';

const clientOf = ({ url, key }: Target): Anthropic =>
  new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });

const asked = ({ model }: Target, messages: Anthropic.MessageParam[]) => ({
  model,
  max_tokens: 2_000,
  messages,
});

const textOf = ({ content }: Anthropic.Message): string =>
  content.map((block) => (block.type === 'text' ? block.text : '')).join('');

const usageOf = ({ usage }: Anthropic.Message) => ({
  inputTokens: usage.input_tokens,
  outputTokens: usage.output_tokens,
});

const tools = [
  {
    name: TOOL.name,
    description: TOOL.description,
    input_schema: structuredClone(TOOL.parameters) as unknown as Anthropic.Tool.InputSchema,
  },
];

export const ANTHROPIC: readonly SdkClient[] = [
  {
    name: '@anthropic-ai/sdk',
    dialect: 'anthropic-messages',
    async plain(target, content) {
      const answer = await clientOf(target).messages.create(asked(target, [{ role: 'user', content }]));
      return { text: textOf(answer), pieces: 1, ...usageOf(answer) };
    },
    async stream(target, content) {
      const stream = clientOf(target).messages.stream(asked(target, [{ role: 'user', content }]));
      let pieces = 0;
      stream.on('text', () => {
        pieces += 1;
      });
      const answer = await stream.finalMessage();
      return { text: textOf(answer), pieces, ...usageOf(answer) };
    },
    async loop(target, content, { weather, streamed }) {
      const { messages: api } = clientOf(target);
      const messages: Anthropic.MessageParam[] = [{ role: 'user', content }];
      for (;;) {
        const question = { ...asked(target, messages), tools };
        const answer = streamed ? await api.stream(question).finalMessage() : await api.create(question);
        if (answer.stop_reason !== 'tool_use') return textOf(answer);
        messages.push({ role: 'assistant', content: answer.content });
        messages.push({
          role: 'user',
          content: answer.content.flatMap((block) =>
            block.type === 'tool_use'
              ? [
                  {
                    type: 'tool_result' as const,
                    tool_use_id: block.id,
                    content: weather((block.input as { city: unknown }).city),
                  },
                ]
              : [],
          ),
        });
      }
    },
  },
];
