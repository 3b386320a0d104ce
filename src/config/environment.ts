/**
 * No file at all: every provider whose usual variable is set becomes one account, and so does one that asks for no secret
 * where its models are told. A provider that lacks something else (an address, models) is passed over, and told so: its
 * variable may be there for another program. The rest of the environment says what a container usually says: `HOST`, `PORT`, `LOG_LEVEL`,
 * and `SLUICE_KEY` for the one client key.
 */

import type { Config } from './config.ts';
import type { Environment } from './interpolate.ts';
import type { Issue } from './issue.ts';
import type { Known, KnownProvider } from './known.ts';
import { nearestWord } from './nearest.ts';
import { pathKey, pathText } from './place.ts';
import { ConfigError, type Problem } from './problem.ts';
import { validate } from './validate.ts';

export type EnvironmentOptions = { readonly env: Environment; readonly known: Known };

/** An account as the file would have it. */
export type AccountSetting = {
  readonly id: string;
  readonly provider: string;
  readonly [key: string]: unknown;
};

/** Null when no provider's variable is set: the caller chooses what then, e.g. `configOfAccounts` with the simulator. */
export function configFromEnvironment({ env, known }: EnvironmentOptions): Config | null {
  const variables = new Map<string, string>();
  const accounts: AccountSetting[] = [];
  for (const provider of known.providers) {
    const found = accountFrom(provider, env);
    if (found === undefined) continue;
    const path = ['accounts', accounts.length] as const;
    for (const [field, { name }] of Object.entries(found)) variables.set(pathKey([...path, field]), name);
    found.secrets.value.forEach((_, index) => {
      variables.set(pathKey([...path, 'secrets', index]), found.secrets.name);
    });
    accounts.push({
      id: provider.id,
      provider: provider.id,
      ...Object.fromEntries(Object.entries(found).map(([field, { value }]) => [field, value])),
    });
  }
  return accounts.length === 0 ? null : build(accounts, { env, known, variables });
}

/** The given accounts with the environment's address, key and log level. Throws `ConfigError`. */
export const configOfAccounts = (accounts: readonly AccountSetting[], options: EnvironmentOptions): Config =>
  build(accounts, { ...options, variables: new Map() });

type BuildOptions = EnvironmentOptions & { readonly variables: ReadonlyMap<string, string> };

/** Where the settings that are not accounts come from. */
const SETTINGS = {
  HOST: ['server', 'host'],
  PORT: ['server', 'port'],
  LOG_LEVEL: ['log', 'level'],
  SLUICE_KEY: ['keys', 0, 'key'],
} as const;

function build(accounts: readonly AccountSetting[], { env, known, variables }: BuildOptions): Config {
  const host = settingOf(env, 'HOST');
  const port = settingOf(env, 'PORT');
  const level = settingOf(env, 'LOG_LEVEL');
  const key = settingOf(env, 'SLUICE_KEY');
  const validated = validate(
    {
      accounts,
      server: { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) },
      log: level === undefined ? {} : { level: level.toLowerCase() },
      keys: key === undefined ? [] : [{ id: 'default', key }],
    },
    known,
  );
  if ('config' in validated) return validated.config;
  const names = new Map(variables);
  for (const [variable, path] of Object.entries(SETTINGS)) names.set(pathKey(path), variable);
  throw new ConfigError(validated.issues.map((issue) => problemOf(issue, { names, env })));
}

type Names = { readonly names: ReadonlyMap<string, string>; readonly env: Environment };

function problemOf({ path, expected, unknown, message }: Issue, { names, env }: Names): Problem {
  const variable = names.get(pathKey(path));
  const value = variable === undefined ? undefined : env[variable];
  // Of the variables with a fixed set of words none holds a secret; other values are not shown at all.
  const nearest = unknown === undefined ? undefined : nearestWord(value ?? '', unknown.words);
  const hint = nearest === undefined ? '' : `: did you mean '${nearest}'?`;
  return {
    file: 'environment',
    path: variable ?? pathText(path),
    message: message ?? `expected ${expected}${hint}`,
    expected,
    ...(nearest === undefined ? {} : { nearest }),
  };
}

/** A value, and the variable that it came from. */
type Found<T> = { readonly name: string; readonly value: T };

/** By the names of the file. */
type FoundAccount = {
  readonly secrets: Found<readonly string[]>;
  readonly base_url?: Found<string>;
  readonly region?: Found<string>;
  readonly models?: Found<readonly string[]>;
};

/** A variable that is set, and those that are not and without which it makes no account. */
export type PassedOver = { readonly variable: string; readonly lacks: readonly string[] };

/** Who set one of a provider's variables may wonder why it does not answer. */
export const passedOver = ({ env, known }: EnvironmentOptions): readonly PassedOver[] =>
  known.providers.flatMap((provider) => {
    const { variable, lacks } = lookedUp(provider, env);
    return variable === undefined || lacks.length === 0 ? [] : [{ variable, lacks }];
  });

function accountFrom(provider: KnownProvider, env: Environment): FoundAccount | undefined {
  const { account, lacks } = lookedUp(provider, env);
  return lacks.length === 0 ? account : undefined;
}

type LookedUp = {
  readonly account: FoundAccount;
  /** By which the provider is meant. */
  readonly variable: string | undefined;
  /** Without these there is no account. */
  readonly lacks: readonly string[];
};

function lookedUp(provider: KnownProvider, env: Environment): LookedUp {
  const { variables, regionVariables = [], models } = provider;
  const own = provider.id.toUpperCase().replaceAll('-', '_');
  const isOpen = variables.length === 0;
  const secrets = listFrom(isOpen ? [`${own}_API_KEY`] : variables, env);
  const prefixes = [...new Set([secrets?.name ?? own, ...variables, own].map(prefixOf))];
  const url = valueFrom(prefixes.map(urlVariable), env);
  const region =
    valueFrom([...prefixes.map((prefix) => `${prefix}_REGION`), ...regionVariables], env) ??
    regionOf(provider, secrets?.name);
  // Where there are usual models, such a variable is the wish of another program.
  const named = models.length > 0 ? undefined : listFrom(prefixes.map(modelVariable), env);
  const [prefix = own] = prefixes;
  const needsModels = models.length === 0 || isOpen;
  const lacks = [
    ...(secrets === undefined && !isOpen ? variables.slice(0, 1) : []),
    ...(url === undefined && provider.baseUrl() === undefined ? [urlVariable(prefix)] : []),
    ...(needsModels && named === undefined ? [modelVariable(prefix)] : []),
  ];
  const account = {
    secrets: secrets ?? { name: `${own}_API_KEY`, value: [] },
    ...(url === undefined ? {} : { base_url: url }),
    ...(region === undefined || provider.regions.length === 0 ? {} : { region }),
    ...(named === undefined ? {} : { models: named }),
  };
  // An address alone may be there for another program, where the provider wants a secret.
  return { account, variable: secrets?.name ?? (isOpen ? url?.name : undefined), lacks };
}

function regionOf({ regionByVariable = {} }: KnownProvider, name = ''): Found<string> | undefined {
  const value = Object.hasOwn(regionByVariable, name) ? regionByVariable[name] : undefined;
  return value === undefined ? undefined : { name, value };
}

const urlVariable = (prefix: string): string => `${prefix}_BASE_URL`;
const modelVariable = (prefix: string): string => `${prefix}_MODEL`;

/** The first variable that is set counts. */
function valueFrom(names: readonly string[], env: Environment): Found<string> | undefined {
  const name = names.find((each) => settingOf(env, each) !== undefined);
  return name === undefined ? undefined : { name, value: settingOf(env, name) ?? '' };
}

/** Several in one variable are separated by commas. */
function listFrom(names: readonly string[], env: Environment): Found<readonly string[]> | undefined {
  const found = valueFrom(names, env);
  const value = found?.value
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  return found === undefined || value === undefined || value.length === 0
    ? undefined
    : { name: found.name, value };
}

/** `DASHSCOPE` of `DASHSCOPE_API_KEY`. */
const prefixOf = (variable: string): string => variable.replace(/(_API)?_(KEY|TOKEN|SECRET)$/, '');

/** Empty counts as not set, as compose files pass unset variables on. */
function settingOf(env: Environment, name: string): string | undefined {
  const value = Object.hasOwn(env, name) ? env[name]?.trim() : undefined;
  return value === '' ? undefined : value;
}
