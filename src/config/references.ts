/**
 * What one value alone cannot show: ids used twice, regions the provider lacks, names of models and channels that
 * lead nowhere. Fields that are wrong in themselves are passed over, and names are only checked when all accounts are
 * right, so that one mistake is told once.
 */

import type { z } from 'zod';
import { bodyRuleIssues } from './body-rule-issues.ts';
import { modelEntriesOf } from './config.ts';
import type { Issue } from './issue.ts';
import type { Known, KnownProvider } from './known.ts';
import { moneyIssues, priceIssues } from './money-issues.ts';
import { nearestWord } from './nearest.ts';
import { ownerIssues } from './owner-issues.ts';
import { KEY_MIN_LENGTH, type KeyValues, keySchema, projectSchema, tenantSchema } from './people-schema.ts';
import type { Path } from './place.ts';
import {
  type AccountValues,
  accountSchema,
  type ModelValues,
  modelSchema,
  type WebhookValues,
  webhookSchema,
} from './schema.ts';

export type Entry<T> = {
  readonly path: Path;
  readonly values: T;
  /** Fields left out because they are wrong in themselves. */
  readonly broken: ReadonlySet<string>;
};

export function referenceIssues(data: unknown, known: Known): Issue[] {
  const file = typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
  const accounts = entriesOf(file, 'accounts', accountSchema(known));
  const models = entriesOf(file, 'models', modelSchema(known));
  const keys = entriesOf(file, 'keys', keySchema);
  const tenants = entriesOf(file, 'tenants', tenantSchema);
  const projects = entriesOf(file, 'projects', projectSchema);

  const provider = new Map(known.providers.map((each) => [each.id, each]));
  const written = Array.isArray(file['accounts']) ? file['accounts'].length : Number.NaN;
  const complete = accounts.filter(({ broken }) => broken.size === 0).length === written;
  const names = complete ? namesOf(accounts, models, provider) : undefined;
  return [
    ...duplicates(accounts, 'id', 'account'),
    ...duplicates(keys, 'id', 'key'),
    ...duplicates(tenants, 'id', 'tenant'),
    ...duplicates(projects, 'id', 'project'),
    ...ownerIssues({ keys, tenants, projects }),
    ...repeatedKeys(keys),
    ...(isLocal(file['server']) ? [] : weakKeys(keys)),
    ...accounts.flatMap((account) => accountIssues(account, provider.get(account.values.provider))),
    ...repeatedWebhooks(webhooksOf(file['alerts'])),
    ...moneyIssues(file['money']),
    ...accounts.flatMap(({ path, values }) =>
      modelEntriesOf(values).flatMap(([name, { price }]) =>
        price === undefined ? [] : priceIssues([...path, 'models', name, 'price'], price),
      ),
    ),
    ...(names === undefined ? [] : nameIssues({ models, keys, names })),
  ];
}

/** The entries of a list or mapping, as far as they are right in themselves. */
function entriesOf<T>(file: Record<string, unknown>, section: string, schema: z.ZodType<T>): Entry<T>[] {
  const found = file[section];
  const pairs: [string | number, unknown][] = Array.isArray(found)
    ? found.map((value, index) => [index, value])
    : Object.entries(found ?? {});
  return pairs.flatMap(([step, value]) => {
    const read = readTolerantly(value, schema);
    return read === undefined ? [] : [{ path: [section, step], ...read }];
  });
}

/** Without its wrong fields, unless it cannot do without them. */
function readTolerantly<T>(value: unknown, schema: z.ZodType<T>): Omit<Entry<T>, 'path'> | undefined {
  const first = schema.safeParse(value);
  if (first.success) return { values: first.data, broken: new Set() };
  if (typeof value !== 'object' || value === null) return undefined;
  const broken = new Set(
    first.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : [String(issue.path[0])],
    ),
  );
  const rest = Object.fromEntries(Object.entries(value).filter(([name]) => !broken.has(name)));
  const second = schema.safeParse(rest);
  return second.success ? { values: second.data, broken } : undefined;
}

function duplicates(
  entries: readonly Pick<Entry<{ readonly id: string }>, 'path' | 'values'>[],
  field: string,
  noun: string,
): Issue[] {
  const seen = new Set<string>();
  return entries.flatMap(({ path, values: { id } }) => {
    if (!seen.has(id)) {
      seen.add(id);
      return [];
    }
    const message = `'${id}' is already the id of another ${noun}`;
    return [{ path: [...path, field], at: 'value', expected: 'an id of its own', message }];
  });
}

function repeatedKeys(keys: readonly Entry<KeyValues>[]): Issue[] {
  return keys.flatMap(({ path, values }, index) => {
    const other = keys.slice(0, index).find((each) => each.values.key === values.key);
    if (other === undefined) return [];
    const message = `the same key as that of '${other.values.id}'`;
    return [{ path: [...path, 'key'], at: 'value', expected: 'a key of its own', message }];
  });
}

const webhooksOf = (alerts: unknown): Entry<WebhookValues>[] =>
  typeof alerts === 'object' && alerts !== null
    ? entriesOf(alerts as Record<string, unknown>, 'webhooks', webhookSchema).map(({ path, ...rest }) => ({
        path: ['alerts', ...path],
        ...rest,
      }))
    : [];

/** Two secrets for one address would leave it open which of them signs. */
function repeatedWebhooks(webhooks: readonly Entry<WebhookValues>[]): Issue[] {
  return webhooks.flatMap(({ path, values: { url } }, index) => {
    const other = webhooks.slice(0, index).find(({ values }) => values.url === url);
    if (other === undefined) return [];
    const message = `the same address as that of webhook ${Number(other.path.at(-1)) + 1}`;
    return [{ path: [...path, 'url'], at: 'value', expected: 'an address of its own', message }];
  });
}

/** On this machine alone a short key is a convenience; on a network it is an open door. */
function weakKeys(keys: readonly Entry<KeyValues>[]): Issue[] {
  return keys
    .filter(({ values }) => values.key.length < KEY_MIN_LENGTH)
    .map(({ path }) => ({
      path: [...path, 'key'],
      at: 'value',
      expected:
        `at least ${KEY_MIN_LENGTH} visible characters where server.host is not of this machine, because a shorter key ` +
        'can be guessed (openssl rand -hex 24 makes a good one)',
    }));
}

function isLocal(server: unknown): boolean {
  const host = typeof server === 'object' && server !== null && 'host' in server ? server.host : undefined;
  return host === undefined || (typeof host === 'string' && /^(localhost|127\.[\d.]+|::1)$/.test(host));
}

function accountIssues(
  { path, values, broken }: Entry<AccountValues>,
  provider: KnownProvider | undefined,
): Issue[] {
  const issues: Issue[] = bodyRuleIssues(path, values);
  if (provider === undefined) return issues;
  const { region, base_url: baseUrl, secrets } = values;
  const regionKnown = region === undefined || provider.regions.includes(region);
  if (!regionKnown && provider.regions.length === 0) {
    const message = `the provider '${provider.id}' has no regions`;
    issues.push({ path: [...path, 'region'], at: 'value', expected: 'no region', message });
  } else if (!regionKnown) {
    const expected = `one of ${provider.regions.join(', ')}`;
    issues.push({
      path: [...path, 'region'],
      at: 'value',
      expected,
      unknown: { noun: 'region', words: provider.regions },
    });
  }
  const missing = (field: string, expected: string): void => {
    if (broken.has(field)) return;
    issues.push({ path: [...path, field], at: 'value', expected, message: `missing: expected ${expected}` });
  };
  if (
    regionKnown &&
    !broken.has('region') &&
    baseUrl === undefined &&
    provider.baseUrl(region) === undefined
  ) {
    missing('base_url', `an address, because '${provider.id}' has none of its own`);
  }
  // With an address of one's own it may be a server that asks for none.
  if (
    secrets.length === 0 &&
    baseUrl === undefined &&
    !broken.has('base_url') &&
    provider.variables.length > 0
  ) {
    missing('secrets', `at least one secret, such as ["\${${provider.variables[0]}}"]`);
  }
  if (typeof values.wait_timeout === 'number' && provider.waitHeader === undefined) {
    const message = `the provider '${provider.id}' keeps no line of its own`;
    issues.push({ path: [...path, 'wait_timeout'], at: 'value', expected: 'off', message });
  }
  const listed = modelEntriesOf(values).map(([name]) => name);
  if (listed.length === 0 && provider.models.length === 0) {
    missing('models', `at least one model, because '${provider.id}' has no usual ones`);
  }
  const repeated = listed.findIndex((name, index) => listed.indexOf(name) < index);
  if (repeated >= 0) {
    const message = `'${listed[repeated]}' stands twice in the list`;
    issues.push({ path: [...path, 'models', repeated], at: 'value', expected: 'each model once', message });
  }
  return issues;
}

type Names = {
  readonly models: readonly string[];
  readonly channels: readonly string[];
  /** Models that some provider usually has, served here or not. */
  readonly usual: ReadonlySet<string>;
  /** Upstream names that are offered under another one. */
  readonly hidden: ReadonlySet<string>;
};

function namesOf(
  accounts: readonly Entry<AccountValues>[],
  models: readonly Entry<ModelValues>[],
  provider: ReadonlyMap<string, KnownProvider>,
): Names {
  const offered = new Set<string>();
  const channels = new Set<string>();
  const hidden = new Set<string>();
  for (const { values } of accounts) {
    const listed = modelEntriesOf(values).map(
      ([upstream, { name }]) => [upstream, name ?? upstream] as const,
    );
    const usual = (provider.get(values.provider)?.models ?? []).map((model) => [model, model] as const);
    for (const [upstream, name] of listed.length > 0 ? listed : usual) {
      offered.add(name);
      channels.add(`${values.id}/${upstream}`);
      if (upstream !== name) hidden.add(upstream);
    }
  }
  for (const { path, values } of models) if (values.channels !== undefined) offered.add(String(path[1]));
  const usual = new Set([...provider.values()].flatMap((each) => each.models));
  for (const name of offered) hidden.delete(name);
  return { models: [...offered], channels: [...channels], usual, hidden };
}

type NamedEntries = {
  readonly models: readonly Entry<ModelValues>[];
  readonly keys: readonly Entry<KeyValues>[];
  readonly names: Names;
};

function nameIssues({ models, keys, names }: NamedEntries): Issue[] {
  const issues: Issue[] = [];
  const check = (path: Path, name: string, noun: 'model' | 'channel', at: Issue['at'] = 'value'): void => {
    const words = noun === 'model' ? names.models : names.channels;
    if (words.includes(name)) return;
    const expected = `a ${noun} of the accounts above`;
    issues.push({ path, at, expected, unknown: { noun, words } });
  };
  for (const { path, values } of models) {
    const name = String(path[1]);
    check(path, name, 'model', 'name');
    values.channels?.forEach((channel, index) => {
      check([...path, 'channels', index], channel, 'channel');
    });
    values.fallbacks.forEach((fallback, index) => {
      const place = [...path, 'fallbacks', index];
      // One that no account serves today is skipped; wrong is what looks misspelt, or is offered under another name.
      if (fallback !== name) {
        const misspelt = nearestWord(fallback, names.models) !== undefined && !names.usual.has(fallback);
        if (misspelt || names.hidden.has(fallback)) check(place, fallback, 'model');
      } else
        issues.push({
          path: place,
          at: 'value',
          expected: 'another model',
          message: 'a model cannot fall back to itself',
        });
    });
  }
  for (const { path, values } of keys) {
    values.models?.forEach((model, index) => {
      check([...path, 'models', index], model, 'model');
    });
    values.fallbacks?.forEach((model, index) => {
      check([...path, 'fallbacks', index], model, 'model');
    });
  }
  return issues;
}
