/**
 * Which names of an `anthropic-beta` header may travel to whom, with the reason. Whoever is not in the table gets none:
 * it would ignore them at best. Where a request crosses into another dialect they mean nothing and stay here.
 */

type BetaRule = {
  readonly passes: RegExp;
  /** Never, although the former would let it through. */
  readonly stops?: RegExp;
};

/** `name-of-a-feature-2026-07-01`; older ones have no date. */
const WELL_FORMED = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

const BETAS: Readonly<Record<string, BetaRule>> = {
  // Clients name what they use, and new ones appear with every version: a list of names would be out of date at once.
  // That of a login belongs to the client's own account, and its provider would look for a token that is not there.
  anthropic: { passes: WELL_FORMED, stops: /^oauth-/ },
  // Any server in Anthropic's place.
  'anthropic-compatible': { passes: WELL_FORMED, stops: /^oauth-/ },
  // It ignores all but this one, which it demands for files: https://api-docs.deepseek.com/guides/anthropic_api
  deepseek: { passes: /^files-api-/ },
};

export type Betas = { readonly header: string | undefined; readonly stopped: readonly string[] };

const NONE: Betas = { header: undefined, stopped: ['anthropic-beta'] };

/** Of a header's value, what may travel to this provider. Where none may, all of them have one name. */
export function betasFor(provider: string, value: string): Betas {
  const rule = Object.hasOwn(BETAS, provider) ? BETAS[provider] : undefined;
  if (rule === undefined) return NONE;
  const names = value.split(',').map((name) => name.trim());
  const passes = (name: string): boolean => rule.passes.test(name) && !rule.stops?.test(name);
  const passed = names.filter(passes);
  return {
    header: passed.length === 0 ? undefined : passed.join(','),
    stopped: stoppedOf(names.filter((name) => name !== '' && !passes(name))),
  };
}

/** What is no name cannot be repeated in a header. */
const stoppedOf = (names: readonly string[]): readonly string[] =>
  names.every((name) => WELL_FORMED.test(name))
    ? names
    : [...names.filter((name) => WELL_FORMED.test(name)), 'anthropic-beta'];
