/** What can be told of a provider, gathered from its file: for `docs/providers.md` and `sluice providers` alike. */

import type { ChatDialectId, DialectId } from '../domain/call.ts';
import type { Limits } from '../domain/limits.ts';
import { addressOf, type Provider } from './provider.ts';

export type ProviderFacts = {
  readonly id: string;
  readonly name: string;
  /** Of conversations: those it speaks at one of its own addresses, or at one of some form. */
  readonly dialects: readonly ChatDialectId[];
  /** What else it can be asked for, in which dialects. */
  readonly tasks: readonly DialectId[];
  readonly variables: readonly string[];
  readonly regions: readonly string[];
  /** By region, or by nothing; empty where it must be configured. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly addressForms: readonly string[];
  readonly models: readonly string[];
  /** Published limits of the usual models in the default region. */
  readonly limits: Readonly<Record<string, Limits>>;
  readonly quirks: readonly { readonly what: string; readonly source: string }[];
  readonly sources: readonly string[];
};

export function factsOf(provider: Provider): ProviderFacts {
  const { id, name, variables, regions, addressForms, models, sources } = provider;
  const limits = models.flatMap((model) => {
    const published = provider.limits(model);
    return published === undefined ? [] : [[model, published] as const];
  });
  const spoken = dialectsOf(provider);
  const given = limits.map(([, { source }]) => source.replace(/ .*/, ''));
  return {
    ...{ id, name, variables, regions, addressForms, models },
    dialects: spoken.filter(isOfChat),
    tasks: spoken.filter((dialect) => !isOfChat(dialect)),
    addresses: Object.fromEntries(
      (regions.length === 0 ? [''] : regions).flatMap((region) => {
        const url = region === '' ? provider.baseUrl() : provider.baseUrl(region);
        return url === undefined ? [] : [[region, url]];
      }),
    ),
    limits: Object.fromEntries(limits.map(([model, published]) => [model, published.limits])),
    quirks: provider.quirks.map(({ what, source }) => ({ what, source })),
    sources: [...new Set([...sources, ...given])],
  };
}

/** In the words of the documents. */
const DIALECT_NAMES: Readonly<Record<ChatDialectId, string>> = {
  'openai-chat': 'chat',
  'openai-responses': 'responses',
  'anthropic-messages': 'messages',
  gemini: 'gemini',
};

const isOfChat = (dialect: DialectId): dialect is ChatDialectId => Object.hasOwn(DIALECT_NAMES, dialect);

export const dialectsText = ({ dialects }: ProviderFacts): string =>
  dialects.map((dialect) => DIALECT_NAMES[dialect]).join(', ');

function dialectsOf(provider: Provider): DialectId[] {
  const places = [undefined, ...provider.regions].map((region) => provider.baseUrl(region));
  const bases = [...places, ...provider.addressForms].filter((url) => url !== undefined);
  return (Object.keys(provider.speaks) as DialectId[]).filter((dialect) =>
    bases.some((base) => addressOf(provider, dialect, base.replace(/\{\w+\}/g, 'x')) !== undefined),
  );
}

/** The seconds' shares follow from the minutes. */
export const limitsText = (limits: Limits): string =>
  (['rpm', 'tpm', 'rps', 'concurrency', 'rpd', 'tpd'] as const)
    .filter((name) => limits[name] !== undefined && !(name === 'rps' && limits.rpm !== undefined))
    .map((name) => `${name} ${Number(limits[name]).toLocaleString('en-US')}`)
    .join(', ');
