/** What is said of an account on the command line, as the settings that the file would have. */

import type { Command } from 'commander';
import { isJsonObject, type JsonObject, parseJson } from '../base/json.ts';

export type AccountFlags = {
  readonly region?: string;
  readonly baseUrl?: string;
  readonly models?: string;
  readonly weight?: string;
  readonly tier?: string;
  readonly limits?: string;
  readonly set?: readonly string[];
  readonly unset?: readonly string[];
  readonly settings?: string;
};

export const sayingAccount = (command: Command): Command =>
  command
    .option('--region <name>', 'where the provider has regions')
    .option('--base-url <url>', "address instead of the provider's own")
    .option('--models <names>', 'upstream models, apart by commas')
    .option('--limits <limits>', 'of each model, as in rpm=600,tpm=1000000,concurrency=off')
    .option('--weight <number>', 'share of the traffic')
    .option('--tier <number>', 'lower is tried first')
    .option('--set <path=value...>', 'any other setting of the file, as in on_client_gone=drain(30s)')
    .option('--settings <file>', 'settings as JSON, in a file');

/** As a patch: null takes a setting away. Throws on what is no setting. */
export function settingsOf(flags: AccountFlags, readFile: (path: string) => string): JsonObject {
  const settings: Record<string, unknown> =
    flags.settings === undefined ? {} : { ...jsonFile(flags.settings, readFile) };
  const put = (name: string, value: unknown): void => {
    if (value !== undefined) settings[name] = value;
  };
  put('region', flags.region);
  put('base_url', flags.baseUrl);
  put(
    'models',
    flags.models
      ?.split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  );
  put('weight', flags.weight);
  put('tier', flags.tier);
  put('limits', flags.limits === undefined ? undefined : limitsOf(flags.limits.split(',')));
  for (const written of flags.set ?? []) {
    const [path, value] = pairOf(written, '--set');
    place(settings, path, parseJson(value) ?? value);
  }
  for (const path of flags.unset ?? []) place(settings, path, null);
  return settings;
}

/** `rpm=600`, `tpm=off`, `rps=` (takes it away): for the relay to check. */
export const limitsOf = (written: readonly string[]): JsonObject =>
  Object.fromEntries(
    written
      .map((each) => each.trim())
      .filter((each) => each !== '')
      .map((each) => {
        const [name, value] = pairOf(each, 'a limit');
        return [name, value === '' ? null : value];
      }),
  );

function pairOf(written: string, what: string): [string, string] {
  const at = written.indexOf('=');
  if (at < 1) throw new Error(`${what}: expected name=value, got '${written}'`);
  return [written.slice(0, at).trim(), written.slice(at + 1).trim()];
}

/** `limits.rpm`: within what is there. */
function place(settings: Record<string, unknown>, path: string, value: unknown): void {
  const [name = '', ...rest] = path.split('.');
  if (rest.length === 0) {
    settings[name] = value;
    return;
  }
  const inner = settings[name];
  const copy: Record<string, unknown> = isJsonObject(inner) ? { ...inner } : {};
  place(copy, rest.join('.'), value);
  settings[name] = copy;
}

function jsonFile(path: string, readFile: (path: string) => string): JsonObject {
  const value = parseJson(readFile(path));
  if (!isJsonObject(value)) throw new Error(`${path}: expected a JSON object`);
  return value;
}
