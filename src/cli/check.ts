/**
 * `sluice check`: reads the configuration, tells everything that is wrong with it, or what Sluice understood. No
 * secret is printed. Asking the providers (`--live`) comes in from outside, so that this file needs no network.
 */

import { Command, Option } from 'commander';
import type { Config } from '../config/config.ts';
import type { Environment } from '../config/interpolate.ts';
import type { Known } from '../config/known.ts';
import { loadConfig } from '../config/load.ts';
import { ConfigError } from '../config/problem.ts';
import { shownUrl } from '../telemetry/webhook.ts';

export type LiveResult = {
  readonly channel: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly ms: number;
};

export type CheckOptions = {
  readonly known: Known;
  readonly env: Environment;
  readonly readFile: (path: string) => string;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly setExitCode: (code: number) => void;
  /** Sends one small call through every channel. Without it there is no `--live`. */
  readonly live?: (config: Config) => Promise<readonly LiveResult[]>;
};

export function checkCommand(options: CheckOptions): Command {
  const command = new Command('check')
    .description('check the configuration and print what it says')
    .addOption(
      new Option('-c, --config <file>', 'configuration file').default(
        options.env['SLUICE_CONFIG'] ?? 'sluice.yaml',
      ),
    );
  if (options.live !== undefined) command.option('--live', 'also send one small call through every channel');
  return command.action((flags: { config: string; live?: boolean }) => check(flags, options));
}

async function check(flags: { config: string; live?: boolean }, options: CheckOptions): Promise<void> {
  const { known, env, readFile, live } = options;
  let config: Config;
  try {
    config = loadConfig({ path: flags.config, env, readFile, known });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    options.writeError(`${error.message}\n`);
    return options.setExitCode(1);
  }
  options.write(`${flags.config} is right\n\n${summaryOf(config, known)}\n`);
  if (config.keys.length === 0)
    options.write('\nNo client key is in the file: those who may call are in the database alone.\n');
  if (flags.live !== true || live === undefined) return;
  const results = await live(config);
  options.write(`\n${liveTable(results)}\n`);
  if (results.some(({ ok }) => !ok)) options.setExitCode(1);
}

export function summaryOf(config: Config, known: Known): string {
  const accounts = config.accounts.map((account) => {
    const usual = known.providers.find(({ id }) => id === account.provider)?.models ?? [];
    const named = account.models.map(({ upstreamModel, name }) =>
      name === undefined ? upstreamModel : `${upstreamModel} as ${name}`,
    );
    const models = named.length > 0 ? named : usual;
    const where = [account.provider, account.region ?? '', `tier ${account.tier}`].filter(
      (part) => part !== '',
    );
    return [account.id, where.join(', '), plural(account.secrets.length, 'secret'), models.join(', ')];
  });
  const served = new Set(
    config.accounts.flatMap((account) => {
      const usual = known.providers.find(({ id }) => id === account.provider)?.models ?? [];
      return account.models.length > 0
        ? account.models.map(({ upstreamModel, name }) => name ?? upstreamModel)
        : usual;
    }),
  );
  for (const { name, channels } of config.models) if (channels !== undefined) served.add(name);
  const noted = (name: string): string =>
    served.has(name) ? name : `${name} (no account serves it: skipped)`;
  const models = config.models.map(({ name, strategy, fallbacks, channels }) => [
    name,
    strategy ?? '',
    fallbacks.length > 0 ? `then ${fallbacks.map(noted).join(', ')}` : '',
    channels === undefined ? '' : `only ${channels.join(', ')}`,
  ]);
  const keys = config.keys.map((key) => [
    key.id,
    Object.entries(key.limits)
      .map(([name, value]) => `${name} ${String(value)}`)
      .join(', '),
    `at a limit: ${key.onLimit}`,
    key.models === undefined ? 'all models' : key.models.join(', '),
  ]);
  const { webhooks, on } = config.alerts;
  const told = webhooks.map(({ url }) => [shownUrl(url), on.join(', ')]);
  return [
    `listens on ${config.server.host}:${config.server.port}`,
    section(plural(accounts.length, 'account'), accounts),
    section(plural(models.length, 'configured model'), models),
    section(plural(keys.length, 'key'), keys),
    ...(told.length > 0 ? [section(plural(told.length, 'webhook'), told)] : []),
  ].join('\n');
}

export function liveTable(results: readonly LiveResult[]): string {
  const rows = results.map(({ channel, ok, detail, ms }) => [
    ok ? 'ok' : 'FAILED',
    channel,
    `${Math.round(ms)} ms`,
    detail,
  ]);
  return section(plural(results.length, 'channel'), rows);
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** A heading and its rows in columns. Empty columns are left out. */
function section(heading: string, rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (widths[column] === 0 ? '' : `  ${cell.padEnd(widths[column] ?? 0)}`))
      .join('')
      .trimEnd(),
  );
  return [heading, ...lines].join('\n');
}
