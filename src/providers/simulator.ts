/**
 * The simulator inside the process, answering in Model Studio's place: its words and its limits, no network, no secret.
 * Below `/only/` and the name of a dialect it is a provider that speaks nothing else, to try how calls cross to it.
 */

import { dialects } from '../dialects/index.ts';
import { taskDialects } from '../dialects/tasks/index.ts';
import type { TaskDialectId } from '../domain/call.ts';
import { createClassifier } from './classify.ts';
import { GEMINI_RULES } from './classify-gemini.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import type { DialectPath, Provider } from './provider.ts';
import { messagesBeside, QWEN_WAYS, rerankBeside } from './qwen.ts';

/** Never resolved: the app hands these calls to the simulator's own `Fetch`. */
const BASE_URL = 'http://simulator.internal/compatible-mode/v1';

const ONLY = /\/only\/([a-z-]+)$/;

const usual: Provider = createOpenAICompatible({
  ...QWEN_WAYS,
  id: 'simulator',
  name: 'Simulator',
  speaksToo: {
    'anthropic-messages': messagesBeside('http://simulator\\.internal'),
    ...rerankBeside('http://simulator\\.internal'),
  },
  baseUrl: { singapore: BASE_URL, beijing: BASE_URL, global: BASE_URL },
});

const below =
  (path: string, id: string, otherwise?: DialectPath) =>
  (baseUrl: string): string | undefined => {
    const only = ONLY.exec(baseUrl)?.[1];
    if (only !== undefined) return only === id ? baseUrl + path : undefined;
    return typeof otherwise === 'string' ? baseUrl + otherwise : otherwise?.(baseUrl);
  };

const classifyGoogles = createClassifier('simulator', GEMINI_RULES);
/** In Gemini's dialect it refuses in Google's words. */
const OF_GOOGLE = /"status":"[A-Z_]+"/;

export const simulator: Provider = {
  ...usual,
  classify: (refusal) => (OF_GOOGLE.test(refusal.body) ? classifyGoogles : usual.classify)(refusal),
  speaks: {
    ...Object.fromEntries(
      Object.keys(taskDialects).map((id) => [id, below('', '', usual.speaks[id as TaskDialectId])]),
    ),
    'gemini-embeddings': below('/models', 'gemini'),
    'gemini-batch-embeddings': below('/models', 'gemini'),
    ...Object.fromEntries(
      Object.values(dialects).map(({ id, path }) => [id, below(path, id, usual.speaks[id])]),
    ),
  },
};
