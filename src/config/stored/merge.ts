/**
 * The file and the database as one configuration. The file counts first: of two things of one name, its own is in force.
 * What the database says is checked as the file is, and what is wrong is left out and told, the rest is in force: a wrong
 * row never takes the relay down.
 */

import type { z } from 'zod';
import type { JsonObject } from '../../base/json.ts';
import type { Sealing } from '../../storage/sealing.ts';
import {
  type AccountConfig,
  accountOf,
  type ChannelConfig,
  type Config,
  channelOf,
  modelOf,
} from '../config.ts';
import { addressExpected } from '../inner-address.ts';
import { type Issue, issuesOf } from '../issue.ts';
import { jsonSchemaOf } from '../json-schema.ts';
import type { Known } from '../known.ts';
import { withAccountPrices } from '../money.ts';
import { referenceIssues } from '../references.ts';
import { accountSchema, channelSchema, modelSchema } from '../schema.ts';
import type { StoredAccount, StoredModel, StoredRows } from './rows.ts';
import { openSecrets } from './secrets.ts';
import { messageOf, type StoredKind, type StoredProblem, shownPath, valueAtPath } from './stored-problem.ts';

export type MergeOptions = {
  readonly known: Known;
  /** Undefined: there is no master key, and no secret opens. */
  readonly sealing: Sealing | undefined;
};

export type Merged = { readonly config: Config; readonly problems: readonly StoredProblem[] };

/** As it would stand in the file, secrets open. */
type Written = { readonly id: string; readonly data: JsonObject };

export function mergeStored(file: Config, rows: StoredRows, options: MergeOptions): Merged {
  if (rows.accounts.length + rows.models.length + rows.channels.length === 0)
    return { config: file, problems: [] };
  const problems: StoredProblem[] = [];
  const { accounts, models } = referring(
    file,
    {
      accounts: accountsIn(file, rows.accounts, { ...options, problems }),
      models: modelsIn(file, rows.models, { ...options, problems }),
    },
    { ...options, problems },
  );
  const channels = rows.channels.map((channel): ChannelConfig => {
    const read = channelSchema.safeParse(channel.settings);
    if (!read.success)
      problems.push(
        ...problemsOf('channel', channel.id, {
          data: channel.settings,
          schema: channelSchema,
          error: read.error,
          out: false,
        }),
      );
    // Whatever is wrong with the rest: what was paused stays paused.
    return channelOf(channel, read.success ? read.data : channelSchema.parse({}));
  });
  const stored = accounts.map(({ data }) => accountOf(accountSchema(options.known).parse(data)));
  const config: Config = {
    ...file,
    accounts: [...file.accounts, ...stored],
    money: withAccountPrices(file.money, stored),
    models: [
      ...file.models,
      ...models.map(({ id, data }) => modelOf([id, modelSchema(options.known).parse(data)])),
    ],
    ...(channels.length === 0 ? {} : { channels }),
  };
  return { config, problems };
}

type Checking = MergeOptions & { readonly problems: StoredProblem[] };

function accountsIn(
  file: Config,
  rows: readonly StoredAccount[],
  { known, sealing, problems }: Checking,
): Written[] {
  const schema = accountSchema(known);
  return rows.flatMap((row) => {
    const { id, provider, settings } = row;
    const tell = (path: string, message: string, out = true): void => {
      problems.push({ kind: 'account', id, path, message, out });
    };
    if (file.accounts.some((account) => account.id === id)) {
      tell('', 'the configuration file has an account of this id, and it is the one in force');
      return [];
    }
    const opened = openSecrets(row, sealing);
    const isSilent = opened.secrets.length === 0 && opened.problems.length > 0;
    for (const message of opened.problems) tell('secrets', message, isSilent);
    const data = { ...settings, id, provider, secrets: opened.secrets };
    const reference = referenceIn(settings);
    if (reference !== undefined) tell(reference, FILE_ALONE);
    const read = schema.safeParse(data);
    if (!read.success)
      problems.push(...problemsOf('account', id, { data, schema, error: read.error, out: true }));
    const expected =
      read.success && read.data.base_url !== undefined
        ? addressExpected(
            read.data.base_url,
            known.providers.find((each) => each.id === provider),
          )
        : undefined;
    if (expected !== undefined) tell('base_url', `expected ${expected}`);
    return read.success && reference === undefined && expected === undefined && !isSilent
      ? [{ id, data }]
      : [];
  });
}

/** Whoever may edit accounts could have the relay's own environment sent to an address of his. */
const FILE_ALONE = 'a reference such as ${VARIABLE} works in the configuration file alone';

/** Where in the settings one stands. */
function referenceIn(value: unknown, path: readonly (string | number)[] = []): string | undefined {
  if (typeof value === 'string') return value.includes('${') ? shownPath(path, 'value') : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [step, inner] of Object.entries(value)) {
    const found = referenceIn(inner, [...path, Array.isArray(value) ? Number(step) : step]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function modelsIn(file: Config, rows: readonly StoredModel[], { known, problems }: Checking): Written[] {
  const schema = modelSchema(known);
  return rows.flatMap(({ name: id, settings: data }) => {
    if (file.models.some((model) => model.name === id)) {
      const message = 'the configuration file says what this model is, and that is in force';
      problems.push({ kind: 'model', id, path: '', message, out: true });
      return [];
    }
    const read = schema.safeParse(data);
    if (read.success) return [{ id, data }];
    problems.push(...problemsOf('model', id, { data, schema, error: read.error, out: true }));
    return [];
  });
}

type Wrong = {
  readonly data: unknown;
  readonly schema: z.ZodType;
  readonly error: z.ZodError;
  readonly out: boolean;
};

function problemsOf(kind: StoredKind, id: string, { data, schema, error, out }: Wrong): StoredProblem[] {
  return issuesOf(error.issues, jsonSchemaOf(schema)).map((issue) => ({
    kind,
    id,
    path: shownPath(issue.path, issue.at),
    message: messageOf(issue, valueAtPath(data, issue.path)),
    out,
  }));
}

type Rows = { readonly accounts: readonly Written[]; readonly models: readonly Written[] };

/**
 * Without what leads nowhere. What is left out can leave others without what they name, so it is looked at until nothing
 * more is found; each round takes something away.
 */
function referring(file: Config, rows: Rows, { known, problems }: Checking): Rows {
  const own = dataOf(file);
  for (let { accounts, models } = rows; ; ) {
    const data = {
      accounts: [...own.accounts, ...accounts.map((account) => account.data)],
      models: Object.fromEntries([...models.map((model) => [model.id, model.data] as const), ...own.models]),
    };
    const issues = referenceIssues(data, known);
    const wrong = { accounts: new Set<string>(), models: new Map<string, Issue[]>() };
    for (const issue of issues) {
      const [section, step] = issue.path;
      const account = section === 'accounts' ? accounts[Number(step) - own.accounts.length] : undefined;
      const model = section === 'models' ? models.find(({ id }) => id === step) : undefined;
      // What the file says was right by itself, and what is named there may come and go.
      if (account === undefined && model === undefined) continue;
      const inside = issue.path.slice(2);
      const message =
        account !== undefined && inside[0] === 'secrets'
          ? 'it has no secret yet: add one'
          : messageOf(issue, valueAtPath(data, issue.path));
      const [kind, id, out] =
        account === undefined
          ? (['model', String(step), inside.length < 2] as const)
          : (['account', account.id, true] as const);
      problems.push({ kind, id, path: shownPath(inside, issue.at), message, out });
      if (account !== undefined) wrong.accounts.add(account.id);
      else wrong.models.set(id, [...(wrong.models.get(id) ?? []), issue]);
    }
    if (wrong.accounts.size + wrong.models.size === 0) return { accounts, models };
    accounts = accounts.filter(({ id }) => !wrong.accounts.has(id));
    models = models.flatMap((model) => withoutWrong(model, wrong.models.get(model.id) ?? [], problems));
  }
}

/** A model stays in force with those of its channels and fallbacks that exist. */
function withoutWrong(
  model: Written,
  issues: readonly Issue[],
  problems: StoredProblem[],
): readonly Written[] {
  if (issues.length === 0) return [model];
  if (issues.some(({ path }) => path.length < 4)) return [];
  const left = Object.fromEntries(
    Object.entries(model.data).map(([field, value]) => [
      field,
      Array.isArray(value)
        ? value.filter((_, i) => !issues.some(({ path }) => path[2] === field && path[3] === i))
        : value,
    ]),
  );
  if (!Array.isArray(left['channels']) || left['channels'].length > 0) return [{ ...model, data: left }];
  const message = 'none of its channels exists';
  problems.push({ kind: 'model', id: model.id, path: 'channels', message, out: true });
  return [];
}

/** As much of the file as others can refer to. */
function dataOf(file: Config): {
  readonly accounts: readonly JsonObject[];
  readonly models: readonly (readonly [string, JsonObject])[];
} {
  return {
    accounts: file.accounts.map(accountData),
    models: file.models.map(({ name, channels }) => [name, channels === undefined ? {} : { channels }]),
  };
}

const accountData = ({ id, provider, models }: AccountConfig): JsonObject => ({
  id,
  provider,
  models: Object.fromEntries(
    models.map(({ upstreamModel, name }) => [upstreamModel, name === undefined ? {} : { name }]),
  ),
});
