/** Facts of a made-up model, of which nothing is known but what a test says. */

import type { ModelFacts } from '../domain/model-facts.ts';

export const SOURCE = { url: 'https://example.com/prices', date: '2026-11-01' } as const;

export const factsOf = (known: Partial<ModelFacts>): ModelFacts => ({
  ...{ provider: 'p', id: 'm', kind: 'chat', abilities: [], lacks: [], deprecated: false, prices: [] },
  source: SOURCE,
  ...known,
});
