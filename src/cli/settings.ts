/**
 * Where the configuration comes from: a file when one is named or stands here, else the environment's usual variables,
 * else the built-in simulator.
 */

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { known } from '../app.ts';
import type { Config } from '../config/config.ts';
import {
  configFromEnvironment,
  configOfAccounts,
  type PassedOver,
  passedOver,
} from '../config/environment.ts';
import type { Environment } from '../config/interpolate.ts';
import { loadConfig } from '../config/load.ts';

export type Settings = {
  readonly config: Config;
  readonly source: 'file' | 'environment' | 'simulator';
  /** The file, where there is one. */
  readonly path?: string;
  /** What the environment says and no account came of; nothing where there is a file. */
  readonly passedOver: readonly PassedOver[];
};

const DEFAULT_FILE = 'sluice.yaml';

/** Three accounts of the founding case: its snapshot model, the stable one, and those it falls back to. */
const SIMULATED_MODELS = ['qwen3-max', 'qwen3-max-2025-09-23', 'qwen-plus', 'qwen-turbo'];
const SIMULATED_ACCOUNTS = ['a', 'b', 'c'].map((letter) => ({
  id: `simulator-${letter}`,
  provider: 'simulator',
  secrets: [`simulated-secret-${letter}`],
  models: SIMULATED_MODELS,
}));

const readFile = (path: string): string => readFileSync(path, 'utf8');

/** Throws `ConfigError`. */
export function loadFile(path: string, env: Environment): Config {
  return loadConfig({ path, env, readFile, known });
}

/** Throws `ConfigError`. */
export function findSettings(file: string | undefined, env: Environment): Settings {
  const path = file ?? env['SLUICE_CONFIG'] ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined);
  if (path !== undefined) return { config: loadFile(path, env), source: 'file', path, passedOver: [] };
  const fromEnvironment = configFromEnvironment({ env, known });
  const lacking = passedOver({ env, known });
  if (fromEnvironment !== null)
    return { config: fromEnvironment, source: 'environment', passedOver: lacking };
  const simulated = configOfAccounts(SIMULATED_ACCOUNTS, { env, known });
  return { config: simulated, source: 'simulator', passedOver: lacking };
}

/** A key for whoever has configured none: made once, kept in a file that only its owner can read. */
export function readyMadeKey(path: string, prefix = 'sk-sluice-'): string {
  if (existsSync(path)) {
    const key = readFile(path).trim();
    if (key.length >= 16) return key;
  }
  const key = `${prefix}${randomBytes(24).toString('base64url')}`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${key}\n`, { mode: 0o600 });
  return key;
}
