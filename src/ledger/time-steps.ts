/**
 * Times counted in steps that grow by 15 % from one millisecond to an hour, so that counts of minutes, days and
 * instances can be added up. A quantile read out of them lies in the same step as the true one: it is less than 15 %
 * wrong above a millisecond. What took an hour or longer is all in the last step.
 */

const GROWTH = 1.15;
const LOG_GROWTH = Math.log(GROWTH);
const HOUR_MS = 3_600_000;
/** Everything under a millisecond is in step 0. */
export const LAST_STEP = 1 + Math.floor(Math.log(HOUR_MS) / LOG_GROWTH);

/** The largest share by which a quantile can be wrong, above a millisecond and below an hour. */
export const STEP_ERROR = GROWTH - 1;

export const TIME_KINDS = { duration: 'd', firstContent: 'f', queue: 'q' } as const;
export type TimeLetter = (typeof TIME_KINDS)[keyof typeof TIME_KINDS];

export function stepOf(ms: number): number {
  if (!(ms >= 1)) return 0;
  return Math.min(LAST_STEP, 1 + Math.floor(Math.log(ms) / LOG_GROWTH));
}

/** How many calls are in each step. */
export type StepCounts = Uint32Array;

export const noSteps = (): StepCounts => new Uint32Array(LAST_STEP + 1);

/** In ms; undefined where nothing was counted. `share` from 0 to 1. */
export function quantileOf(counts: StepCounts, share: number): number | undefined {
  const calls = counts.reduce((sum, count) => sum + count, 0);
  if (calls === 0) return undefined;
  const rank = Math.max(1, Math.ceil(share * calls));
  let before = 0;
  for (const [step, count] of counts.entries()) {
    if (before + count >= rank) return within(step, (rank - before - 0.5) / count);
    before += count;
  }
  return undefined;
}

/** Where in its step a call stands, were they spread evenly over it. */
function within(step: number, part: number): number {
  if (step === 0) return part;
  if (step === LAST_STEP) return Math.exp((LAST_STEP - 1) * LOG_GROWTH);
  return Math.exp((step - 1 + part) * LOG_GROWTH);
}

const ZERO = 48;
const NINE = 57;
const COLON = 58;

/**
 * Adds what stands in one or many texts like `{"d35":3,"q0":4}`, written one after the other, to the counts of its
 * letters. Hand-made, for a report reads megabytes of it.
 */
export function addSteps(text: string, into: Partial<Record<TimeLetter, StepCounts>>): void {
  let counts: StepCounts | undefined;
  let step = -1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < ZERO) continue;
    if (code > NINE) {
      const named = into[text[at] as TimeLetter];
      // Braces and colons name nobody, and the number after a colon belongs to the step before it.
      if (named !== undefined || code > COLON) counts = named;
      continue;
    }
    let number = code - ZERO;
    for (let next = text.charCodeAt(at + 1); next >= ZERO && next <= NINE; next = text.charCodeAt(++at + 1))
      number = number * 10 + next - ZERO;
    if (step < 0) step = Math.min(number, LAST_STEP);
    else {
      if (counts !== undefined) counts[step] = (counts[step] ?? 0) + number;
      step = -1;
    }
  }
}
