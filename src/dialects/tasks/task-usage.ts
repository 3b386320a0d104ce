/**
 * What an answer that is no chat took, in the shapes in which providers say it. Search units and the like are no tokens and
 * not counted.
 */

import type { Usage } from '../../domain/usage.ts';
import { numberOf, objectOf } from '../openai-chat/wire.ts';

/**
 * `usage` of OpenAI (`prompt_tokens`, of images and speech `input_tokens`), of Jina and Model Studio (`total_tokens` alone);
 * `meta.tokens` or `meta.billed_units` of Cohere and SiliconFlow: https://docs.cohere.com/reference/rerank ,
 * https://docs.siliconflow.cn/en/api-reference/rerank/create-rerank ; `usageMetadata` of Gemini.
 */
export function readTaskUsage(read: (field: string) => unknown): Usage | undefined {
  const meta = objectOf(read('meta'));
  return (
    tokensOf(read('usage')) ??
    tokensOf(meta?.['tokens']) ??
    tokensOf(meta?.['billed_units']) ??
    tokensOf(read('usageMetadata'))
  );
}

function tokensOf(value: unknown): Usage | undefined {
  const usage = objectOf(value);
  if (usage === undefined) return undefined;
  const output = numberOf(usage['output_tokens']) || numberOf(usage['completion_tokens']);
  const input =
    numberOf(usage['input_tokens']) ||
    numberOf(usage['prompt_tokens']) ||
    numberOf(usage['promptTokenCount']) ||
    Math.max(0, numberOf(usage['total_tokens']) - output);
  if (input === 0 && output === 0) return undefined;
  const cached = numberOf(objectOf(usage['input_tokens_details'])?.['cached_tokens']);
  const cacheRead = Math.min(input, cached);
  return { input: input - cacheRead, cacheRead, cacheWrite: 0, output, reasoning: 0, source: 'upstream' };
}
