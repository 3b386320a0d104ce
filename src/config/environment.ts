/**
 * No file at all: every provider whose usual variable is set becomes one account. The rest of the environment says
 * what a container usually says: `HOST`, `PORT`, `LOG_LEVEL`, and `SLUICE_KEY` for the one client key.
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
    variables.set(pathKey([...path, 'secrets']), found.secretVariable);
    found.secrets.forEach((_, index) => {
      variables.set(pathKey([...path, 'secrets', index]), found.secretVariable);
    });
    variables.set(
      pathKey([...path, 'base_url']),
      found.urlVariable ?? `${prefixOf(found.secretVariable)}_BASE_URL`,
    );
    accounts.push({
      id: provider.id,
      provider: provider.id,
      secrets: found.secrets,
      ...(found.urlVariable === undefined ? {} : { base_url: env[found.urlVariable] }),
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

type FoundAccount = {
  readonly secrets: readonly string[];
  readonly secretVariable: string;
  readonly urlVariable?: string;
};

/** The first variable that is set counts; several secrets in it are separated by commas. */
function accountFrom({ variables }: KnownProvider, env: Environment): FoundAccount | undefined {
  const secretVariable = variables.find((name) => settingOf(env, name) !== undefined);
  if (secretVariable === undefined) return undefined;
  const secrets = (settingOf(env, secretVariable) ?? '')
    .split(',')
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '');
  if (secrets.length === 0) return undefined;
  const urlVariable = [secretVariable, ...variables]
    .map((name) => `${prefixOf(name)}_BASE_URL`)
    .find((name) => settingOf(env, name) !== undefined);
  return { secrets, secretVariable, ...(urlVariable === undefined ? {} : { urlVariable }) };
}

/** `DASHSCOPE` of `DASHSCOPE_API_KEY`. */
const prefixOf = (variable: string): string => variable.replace(/(_API)?_(KEY|TOKEN|SECRET)$/, '');

/** Empty counts as not set, as compose files pass unset variables on. */
function settingOf(env: Environment, name: string): string | undefined {
  const value = Object.hasOwn(env, name) ? env[name]?.trim() : undefined;
  return value === '' ? undefined : value;
}
