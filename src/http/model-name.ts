/**
 * The name of a model as clients may write it: its own, the one that Claude Code's discovery keeps, or with one of
 * OpenRouter's endings. A name that exists as it is written always means itself.
 */

import type { Model } from '../domain/channel.ts';
import type { Catalog } from '../routing/catalog.ts';

/** Claude Code only keeps names with `claude` or `anthropic` in them. */
const VIA = 'claude-via-';
const CLAUDE = /claude|anthropic/i;

/** OpenRouter's endings that say how to choose a provider, or that are part of its own names only. */
const ENDING = /:(nitro|floor|free|online|exacto)$/;

export type Asked = {
  readonly model: Model;
  /** The ending that is no part of the name. */
  readonly ending?: string;
};

/** Undefined: nothing is offered under this name. */
export function askedModel(
  written: string,
  { catalog, claudeAliases }: { readonly catalog: Catalog; readonly claudeAliases: boolean },
): Asked | undefined {
  const own = catalog.resolve(written);
  if (own !== undefined) return { model: own };
  const name = claudeAliases && written.startsWith(VIA) ? written.slice(VIA.length) : written;
  const exact = catalog.resolve(name);
  if (exact !== undefined) return { model: exact };
  const ending = ENDING.exec(name)?.[1];
  const model = ending === undefined ? undefined : catalog.resolve(name.slice(0, -ending.length - 1));
  return model === undefined || ending === undefined ? undefined : { model, ending };
}

/** The second name of a model for those who only see Claude's; undefined: its own will do. */
export const claudeAlias = (name: string): string | undefined =>
  CLAUDE.test(name) ? undefined : `${VIA}${name}`;
