/**
 * What the simulated models answer that do not chat: vectors of length one that follow from the text, an order by common
 * words, a picture of one dot, a second's fraction of a tone. Small, valid, and the same whenever the same is asked.
 */

import type { EmbeddingsAnswer, EmbeddingsQuestion } from '../dialects/tasks/embeddings.ts';
import type { RerankAnswer, RerankQuestion } from '../dialects/tasks/rerank.ts';

/** Of text-embedding-v4: https://www.alibabacloud.com/help/en/model-studio/embedding */
const DEFAULT_DIMENSIONS = 1_024;

export const embed = ({
  inputs,
  dimensions = DEFAULT_DIMENSIONS,
}: Pick<EmbeddingsQuestion, 'inputs' | 'dimensions'>): EmbeddingsAnswer => ({
  vectors: inputs.map((input) =>
    vectorOf(typeof input === 'string' ? input : JSON.stringify(input), dimensions),
  ),
});

function vectorOf(text: string, dimensions: number): number[] {
  let state = hashOf(text);
  const vector = Array.from({ length: dimensions }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x8000_0000 - 1;
  });
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => Math.fround(value / length));
}

/** Scores of 0 to 1: the share of the query's words that the document has. Of equals the earlier comes first. */
export function rank({ query, documents, options }: RerankQuestion): RerankAnswer {
  const words = wordsOf(query);
  const ranked = documents
    .map((document, index) => {
      const own = new Set(wordsOf(document));
      const common = words.filter((word) => own.has(word)).length;
      return { index, score: words.length === 0 ? 0 : common / words.length, document };
    })
    .toSorted((a, b) => b.score - a.score);
  const most = typeof options['top_n'] === 'number' ? options['top_n'] : ranked.length;
  const shown = options['return_documents'] === true;
  return {
    id: '',
    results: ranked.slice(0, most).map(({ index, score, document }) => ({
      index,
      score,
      ...(shown ? { document: typeof document === 'string' ? { text: document } : document } : {}),
    })),
  };
}

const wordsOf = (value: unknown): string[] =>
  (typeof value === 'string' ? value : JSON.stringify(value ?? '')).toLowerCase().match(/[\p{L}\p{N}]+/gu) ??
  [];

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** One dot of a PNG. */
export const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

const RATE = 8_000;
const HEADER_BYTES = 44;

/** Sixty milliseconds for each word, at most two seconds: eight bits, one channel. */
export function soundOf(text: string): Buffer {
  const samples = Math.min(2 * RATE, Math.max(1, wordsOf(text).length) * 0.06 * RATE);
  const wav = Buffer.alloc(HEADER_BYTES + samples);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(RATE, 24);
  wav.writeUInt32LE(RATE, 28);
  wav.writeUInt16LE(1, 32);
  wav.writeUInt16LE(8, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(samples, 40);
  for (let i = 0; i < samples; i++) wav[HEADER_BYTES + i] = 128 + Math.round(60 * Math.sin(i / 3));
  return wav;
}

const VIOLENT = /\b(?:kill|murder|bomb)\b/i;

/** Of one text. */
export function moderate(text: string): object {
  const flagged = VIOLENT.test(text);
  return {
    flagged,
    categories: { violence: flagged, hate: false },
    category_scores: { violence: flagged ? 0.98 : 0.01, hate: 0.01 },
  };
}
