/** How large calls are: prompts and answers of spread-out lengths, by profile, with the mean they come to. */

import { lognormalOfMean, type Random, uniform } from './chance.ts';

export type Size = { readonly input: number; readonly output: number; readonly maxTokens: number };

type Profile = {
  readonly name: string;
  readonly input: number;
  readonly output: number;
  /** A few that are much larger. */
  readonly large?: { readonly share: number; readonly mean: number; draw(random: Random): number };
};

const SIGMA = 0.5;

export const PROFILES = {
  tok: { name: '1,700 + 500 tokens, tokens bind', input: 1_700, output: 500 },
  req: { name: '700 + 300 tokens, requests bind', input: 700, output: 300 },
  mixed: {
    name: '1,700 + 500 tokens, 8 % of the prompts about 30,000',
    input: 1_700,
    output: 500,
    large: { share: 0.08, mean: 30_000, draw: (random) => lognormalOfMean(random, 30_000, 0.3) },
  },
  huge: {
    name: '1,700 + 500 tokens, 0.4 % of the prompts 100,000 to 400,000',
    input: 1_700,
    output: 500,
    large: { share: 0.004, mean: 250_000, draw: (random) => uniform(random, 100_000, 400_000) },
  },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof PROFILES;

/** What clients allow: most name their own bound, the others have the model's. */
const NAMED_MAX = 2_048;
const UNNAMED_MAX = 4_096;
const NAMED_SHARE = 0.8;

export function drawSize(name: ProfileName, random: Random): Size {
  const profile: Profile = PROFILES[name];
  const { large } = profile;
  const input =
    large !== undefined && random() < large.share
      ? large.draw(random)
      : lognormalOfMean(random, profile.input, SIGMA);
  const maxTokens = random() < NAMED_SHARE ? NAMED_MAX : UNNAMED_MAX;
  const output = Math.min(maxTokens, lognormalOfMean(random, profile.output, SIGMA));
  return { input: Math.max(1, Math.round(input)), output: Math.max(1, Math.round(output)), maxTokens };
}

export function meanTokensOf(name: ProfileName): number {
  const { input, output, large }: Profile = PROFILES[name];
  const prompt = large === undefined ? input : input + large.share * (large.mean - input);
  return prompt + output;
}
