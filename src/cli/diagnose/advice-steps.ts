/** The steps that most limits share, and the form of advice. */

export type Step = { readonly when: string; readonly text: string };

export type Advice = {
  /** Which limit, for people; absent when none was hit. */
  readonly limit?: string;
  /** When it passes, where the refusal itself does not say. */
  readonly passes: string;
  readonly steps: readonly Step[];
};

export const step = (when: string, text: string): Step => ({ when, text });

export const POOL = step(
  'for good',
  'One relay before all accounts: Sluice waits for the limit or moves on, and no 429 reaches the client.',
);
export const SMOOTH = step(
  'light limiting',
  'Space the calls 60/RPM seconds apart in a queue; back off exponentially, with a random second added.',
);
export const ACCOUNTS = step(
  'company-wide',
  'More accounts, where the terms allow it: N accounts have N times the limit. More secrets of one account add nothing.',
);
export const FALLBACK = step(
  'not critical',
  'Fall back to a model with a quota of its own (`fallbacks` of the model).',
);
export const RAISE = step('in the long run', "Ask for a higher limit in the provider's console.");
export const LOOK = step(
  'look first',
  'Name the provider (`--provider`) and the HTTP status (`--status`), if they were guessed or are missing.',
);

export const LIMITED: readonly Step[] = [POOL, SMOOTH, ACCOUNTS, FALLBACK, RAISE];
