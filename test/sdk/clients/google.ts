/** Google's own package, and the AI SDK's for Google. */

import { createGoogleGenerativeAI } from '@ai-sdk/google';
import {
  type Content,
  type FunctionCall,
  type GenerateContentParameters,
  type GenerateContentResponse,
  GoogleGenAI,
} from '@google/genai';
import { aiSdkClient } from './ai-sdk.ts';
import { type SdkClient, type Target, TOOL } from './sdk-client.ts';

const clientOf = ({ url, key }: Target): GoogleGenAI =>
  new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } });

const config = {
  tools: [
    {
      functionDeclarations: [
        { name: TOOL.name, description: TOOL.description, parametersJsonSchema: TOOL.parameters },
      ],
    },
  ],
};

/** Thoughts are parts of the content, too, and go back with it. */
type Answer = { readonly content: Content; readonly calls: FunctionCall[]; readonly pieces: number } & Usage;
type Usage = { readonly inputTokens: number; readonly outputTokens: number };

async function answer(
  target: Target,
  asked: Omit<GenerateContentParameters, 'model'>,
  streamed: boolean,
): Promise<Answer> {
  const { models } = clientOf(target);
  const parameters = { model: target.model, ...asked };
  const chunks: GenerateContentResponse[] = [];
  if (streamed) for await (const chunk of await models.generateContentStream(parameters)) chunks.push(chunk);
  else chunks.push(await models.generateContent(parameters));
  const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? []);
  const usage = chunks.at(-1)?.usageMetadata;
  return {
    content: { role: 'model', parts },
    calls: parts.flatMap(({ functionCall }) => functionCall ?? []),
    pieces: parts.filter(({ text, thought }) => text !== undefined && !thought).length,
    inputTokens: usage?.promptTokenCount ?? 0,
    outputTokens: usage?.candidatesTokenCount ?? 0,
  };
}

const textOf = ({ content }: Answer): string =>
  (content.parts ?? []).map(({ text, thought }) => (thought ? '' : (text ?? ''))).join('');

async function told(target: Target, contents: string, streamed: boolean) {
  const { pieces, ...whole } = await answer(target, { contents }, streamed);
  return { ...whole, pieces, text: textOf({ pieces, ...whole }) };
}

const genai: SdkClient = {
  name: '@google/genai',
  dialect: 'gemini',
  plain: (target, prompt) => told(target, prompt, false),
  stream: (target, prompt) => told(target, prompt, true),
  async loop(target, prompt, { weather, streamed }) {
    const contents: Content[] = [{ role: 'user', parts: [{ text: prompt }] }];
    for (;;) {
      const said = await answer(target, { contents, config }, streamed);
      if (said.calls.length === 0) return textOf(said);
      contents.push(said.content, {
        role: 'user',
        parts: said.calls.map(({ id, name, args }) => ({
          functionResponse: {
            ...(id === undefined ? {} : { id }),
            ...(name === undefined ? {} : { name }),
            response: { output: weather(args?.['city']) },
          },
        })),
      });
    }
  },
};

export const GOOGLE: readonly SdkClient[] = [
  genai,
  aiSdkClient('@ai-sdk/google', 'gemini', ({ url, key, model }) =>
    createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey: key })(model),
  ),
];
