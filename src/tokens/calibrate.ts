/**
 * Learns, per upstream model, what an estimated input token is really worth, and per model, key and size of the input
 * how long answers are, from the usage that providers return. Recent answers weigh more; what was seen little leans on
 * the model's mean, and a model never seen on the prior.
 */

import type { Estimate } from '../domain/limits.ts';

/** Answers of a model never seen before are taken to be this long, tokens. */
const PRIOR_OUTPUT_TOKENS = 400;
/** The prior weighs as much as this many answers. */
const PRIOR_WEIGHT = 5;
/** The model's mean weighs as much as this many answers of one key and size. */
const PARENT_WEIGHT = 10;
/** And the prior as much as this many input tokens that were estimated well: a few tiny answers prove little. */
const PRIOR_INPUT_TOKENS = 1_000;
const DECAY = 0.98;
const OUTPUT_DECAY = 0.995;
/** One odd answer must not turn the scale: corrections stay within these factors. */
const RATIO_MIN = 0.2;
const RATIO_MAX = 5;
/** Keys and sizes remembered per model. */
const MAX_GROUPS = 5_000;

type Mean = { weight: number; sum: number };

class LearnedModel {
  estimated = 0;
  actual = 0;
  readonly output: Mean = { weight: 0, sum: 0 };
  /** By key and size class. */
  readonly groups = new Map<string, Mean>();

  get ratio(): number {
    const ratio = (this.actual + PRIOR_INPUT_TOKENS) / (this.estimated + PRIOR_INPUT_TOKENS);
    return Math.min(RATIO_MAX, Math.max(RATIO_MIN, ratio));
  }

  outputMean(group: string): number {
    const { weight, sum } = this.output;
    const mean = (sum + PRIOR_WEIGHT * PRIOR_OUTPUT_TOKENS) / (weight + PRIOR_WEIGHT);
    const own = this.groups.get(group);
    return own === undefined ? mean : (own.sum + PARENT_WEIGHT * mean) / (own.weight + PARENT_WEIGHT);
  }
}

/** Whose call, and how large: what the length of its answer depends on. */
export type CallSize = { readonly key: string; readonly rawInputTokens: number };

export type Calibration = {
  /** What a call on this model is expected to cost. */
  estimate(model: string, call: CallSize & { readonly maxOutputTokens: number }): Estimate;
  /** The truth about an earlier estimate. */
  learn(model: string, call: CallSize & { readonly input: number; readonly output: number }): void;
};

export function createCalibration(): Calibration {
  const models = new Map<string, LearnedModel>();
  return {
    estimate(model, { key, rawInputTokens, maxOutputTokens }) {
      const learned = models.get(model);
      const mean = learned?.outputMean(groupOf(key, rawInputTokens)) ?? PRIOR_OUTPUT_TOKENS;
      return {
        inputTokens: Math.ceil(rawInputTokens * (learned?.ratio ?? 1)),
        outputTokens: Math.ceil(Math.min(mean, maxOutputTokens)),
        maxOutputTokens,
      };
    },
    learn(model, { key, rawInputTokens, input, output }) {
      const learned = models.get(model) ?? new LearnedModel();
      if (input > 0) {
        learned.estimated = learned.estimated * DECAY + rawInputTokens;
        learned.actual = learned.actual * DECAY + input;
      }
      if (learned.estimated === 0) return;
      models.set(model, learned);
      count(learned.output, output);
      const group = groupOf(key, rawInputTokens);
      let own = learned.groups.get(group);
      if (own === undefined) {
        if (learned.groups.size >= MAX_GROUPS) learned.groups.clear();
        own = { weight: 0, sum: 0 };
        learned.groups.set(group, own);
      }
      count(own, output);
    },
  };
}

function count(mean: Mean, value: number): void {
  mean.weight = mean.weight * OUTPUT_DECAY + 1;
  mean.sum = mean.sum * OUTPUT_DECAY + value;
}

/** Sizes within a factor of four are one class. */
const groupOf = (key: string, tokens: number): string =>
  `${Math.floor(Math.log2(Math.max(1, tokens)) / 2)} ${key}`;
