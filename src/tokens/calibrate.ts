/**
 * Learns, per upstream model, what an estimated input token is really worth and how long answers are, from the usage
 * that providers return. Recent answers weigh more; a model never seen starts from the prior.
 */

import type { Estimate } from '../domain/limits.ts';

/** Answers of a model never seen before are taken to be this long, tokens. */
const PRIOR_OUTPUT_TOKENS = 400;
/** The prior weighs as much as this many answers. */
const PRIOR_WEIGHT = 5;
/** And as much as this many input tokens that were estimated well: a few tiny answers prove little. */
const PRIOR_INPUT_TOKENS = 1_000;
const DECAY = 0.98;
/** One odd answer must not turn the scale: corrections stay within these factors. */
const RATIO_MIN = 0.2;
const RATIO_MAX = 5;

type Learned = { weight: number; estimated: number; actual: number; output: number };

export type Calibration = {
  /** What a call on this model is expected to cost. */
  estimate(model: string, rawInputTokens: number, maxOutputTokens: number): Estimate;
  /** The truth about an earlier estimate; `rawInputTokens` as given to `estimate`. */
  learn(
    model: string,
    observed: { readonly rawInputTokens: number; readonly input: number; readonly output: number },
  ): void;
};

export function createCalibration(): Calibration {
  const learnedByModel = new Map<string, Learned>();
  return {
    estimate(model, rawInputTokens, maxOutputTokens) {
      const learned = learnedByModel.get(model);
      const ratio =
        learned === undefined
          ? 1
          : Math.min(
              RATIO_MAX,
              Math.max(
                RATIO_MIN,
                (learned.actual + PRIOR_INPUT_TOKENS) / (learned.estimated + PRIOR_INPUT_TOKENS),
              ),
            );
      const mean =
        learned === undefined
          ? PRIOR_OUTPUT_TOKENS
          : (learned.output + PRIOR_WEIGHT * PRIOR_OUTPUT_TOKENS) / (learned.weight + PRIOR_WEIGHT);
      return {
        inputTokens: Math.ceil(rawInputTokens * ratio),
        outputTokens: Math.ceil(Math.min(mean, maxOutputTokens)),
        maxOutputTokens,
      };
    },
    learn(model, { rawInputTokens, input, output }) {
      const learned = learnedByModel.get(model) ?? { weight: 0, estimated: 0, actual: 0, output: 0 };
      learned.weight = learned.weight * DECAY + 1;
      learned.output = learned.output * DECAY + output;
      if (input > 0) {
        learned.estimated = learned.estimated * DECAY + rawInputTokens;
        learned.actual = learned.actual * DECAY + input;
      }
      if (learned.estimated > 0) learnedByModel.set(model, learned);
    },
  };
}
