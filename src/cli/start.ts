/**
 * `sluice start`: the relay itself. Prints what a first user needs to make a call, reloads on a changed file and on
 * SIGHUP, and ends on SIGTERM after what runs has ended.
 */

import { hostname } from 'node:os';
import { Command } from 'commander';
import pc from 'picocolors';
import { adminApi } from '../admin-api.ts';
import { type App, createApp } from '../app.ts';
import { systemClock } from '../base/clock.ts';
import { createLogger, type Logger } from '../base/log.ts';
import { type Books, type Machine, openBooks } from '../books.ts';
import type { Config } from '../config/config.ts';
import { withoutKeys } from '../config/problem.ts';
import { watchConfig } from '../config/watch.ts';
import { createTransport, type Transport } from '../providers/transport.ts';
import { openUpstreams, type Upstreams } from '../upstreams.ts';
import { ADMIN_KEY_VARIABLE, type AdminKey, adminKeyOf } from './admin-key.ts';
import { benchesFile } from './benches-file.ts';
import { databasePlace } from './database-place.ts';
import { idSecretOf } from './id-secret.ts';
import { learnedFile } from './learned-file.ts';
import { checkLive } from './live.ts';
import { masterSealing } from './master-key.ts';
import { findSettings, loadFile, readyMadeKey, type Settings } from './settings.ts';

const SAVE_EVERY_MS = 60_000;
const KEY_FILE = 'data/client-key';

type Flags = { readonly config?: string; readonly host?: string; readonly port?: string };

export function startCommand(): Command {
  return new Command('start')
    .description('run the relay')
    .option('-c, --config <file>', 'configuration file (default: sluice.yaml, if there is one)')
    .option('--host <address>', 'address to listen on')
    .option('-p, --port <number>', 'port to listen on')
    .action((flags: Flags) => start(flags));
}

async function start(flags: Flags): Promise<void> {
  const settings = findSettings(flags.config, process.env);
  const { config, readyKey } = withKey(settings);
  const address = addressOf(config, flags);
  const log = createLogger({ level: config.log.level, pretty: isPretty(config), nowMs: systemClock.now });
  const sealing = masterSealing(process.env);
  const adminKey = adminKeyOf(config, process.env, address.host);
  const books = await openBooks({
    ...{ config, clock: systemClock, random: Math.random, log, machine: thisMachine },
    place: databasePlace(config, process.env),
  });
  const transport = createTransport({ connectTimeoutMs: config.timeouts.connectMs });
  const upstreams = await openUpstreams({
    ...{ database: books.database, revisions: books.revisions, sealing, log },
    base: { config, source: settings.source },
    test: (asked) => checkLive(asked, { clock: systemClock, random: Math.random, fetch: transport.fetch }),
  });
  books.apply(upstreams.stored.config());
  const warn = (reason: string): void => log.warn({}, reason);
  const learned = learnedFile(config.dataDir, warn);
  const benches = benchesFile(config.dataDir, warn);
  const app = createApp({
    config: upstreams.stored.config(),
    clock: systemClock,
    random: Math.random,
    log,
    fetch: transport.fetch,
    idSecret: idSecretOf(config.dataDir, process.env, warn),
    memories: learned.load(),
    benches: benches.load(),
    books,
    admin: adminApi({
      ...{ database: books.database, pricing: books.pricing, clock: systemClock, key: adminKey },
      parts: (front) => ({ upstreams: upstreams.doors(front, books.pricing) }),
    }),
  });
  upstreams.follow(app);
  await books.revisions.start();
  if (app.access.size === 0 && ('off' in adminKey || !config.admin.enabled)) {
    await books.close();
    throw withoutKeys(config, settings.path ?? '');
  }
  const url = await listen(app, address);
  const saveBenches = (): void => benches.save(app.rooms.health.kept(systemClock.now()));
  app.rooms.health.onEvent(saveBenches);
  const stopSaving = saveNowAndThen(() => {
    learned.save(app.rooms.limiter.memories());
    saveBenches();
  });
  const running: Running = { app, upstreams, books, transport, log, drainMs: config.server.drainMs };
  const stopWatching =
    settings.path === undefined ? undefined : reloadOnChange(settings.path, { ...running, keys: config });
  endOnSignal(running, () => {
    stopWatching?.();
    stopSaving();
  });
  // Last: whoever reads it may send a signal.
  process.stdout.write(
    banner({
      settings,
      config: upstreams.stored.config(),
      url,
      readyKey,
      adminKey,
      isKeyless: app.access.size === 0,
      models: app.front.snapshot().catalog.models.map(({ name }) => name),
    }),
  );
}

const thisMachine: Machine = {
  host: hostname(),
  pid: process.pid,
  isAlive(pid) {
    try {
      return process.kill(pid, 0);
    } catch (error) {
      // It lives, and is somebody else's.
      return error instanceof Error && 'code' in error && error.code === 'EPERM';
    }
  },
};

/** Every minute, and at the end. */
function saveNowAndThen(save: () => void): () => void {
  let cancel = systemClock.after(SAVE_EVERY_MS, again);
  function again(): void {
    save();
    cancel = systemClock.after(SAVE_EVERY_MS, again);
  }
  return () => {
    cancel();
    save();
  };
}

/** Who has a file may have the keys in the database; without a file one is made. */
function withKey({ config, source }: Settings): { config: Config; readyKey?: string } {
  if (config.keys.length > 0 || source === 'file') return { config };
  const readyKey = readyMadeKey(KEY_FILE);
  return {
    config: {
      ...config,
      keys: [
        {
          id: 'local',
          key: readyKey,
          limits: {},
          onLimit: 'queue',
          priority: 'normal',
          weight: 1,
          fallback: true,
        },
      ],
    },
    readyKey,
  };
}

function addressOf(config: Config, flags: Flags): { host: string; port: number } {
  const port = flags.port === undefined ? config.server.port : Number(flags.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port: expected a number from 0 to 65535, got '${flags.port}'`);
  return { host: flags.host ?? config.server.host, port };
}

const isPretty = (config: Config): boolean =>
  config.log.format === 'pretty' || (config.log.format === 'auto' && process.stdout.isTTY === true);

async function listen(app: App, address: { host: string; port: number }): Promise<string> {
  try {
    return await app.server.listen(address);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
      throw new Error(`port ${address.port} of ${address.host} is taken: choose another one with --port`);
    throw error;
  }
}

type BannerFacts = {
  readonly settings: Settings;
  readonly config: Config;
  readonly url: string;
  readonly readyKey: string | undefined;
  readonly adminKey: AdminKey;
  /** Nobody may call yet. */
  readonly isKeyless: boolean;
  /** What can be asked for. */
  readonly models: readonly string[];
};

/** The others are for `sluice models` to list. */
const SHOWN_MODELS = 4;

function modelsText(models: readonly string[]): string {
  if (models.length === 0) return 'none yet';
  const rest = models.length - SHOWN_MODELS;
  const shown = models.slice(0, SHOWN_MODELS).join(', ');
  return rest > 0 ? `${shown} and ${rest} more (\`sluice models\` lists them)` : shown;
}

function accountsText({ config: own, source, path }: Settings, { accounts }: Config): string {
  const inBase = new Set(own.accounts.map(({ id }) => id));
  const added = accounts.filter(({ id }) => !inBase.has(id)).map(({ id }) => id);
  const names = accounts.filter(({ id }) => inBase.has(id)).map(({ id }) => id);
  if (accounts.length === 0) return 'none yet: `sluice accounts add` adds one';
  const from =
    source === 'simulator'
      ? ' — the built-in simulator of Model Studio, no real provider.'
      : ` (from ${path ?? 'the environment'})`;
  const parts = [
    ...(names.length === 0 ? [] : [`${names.join(', ')}${from}`]),
    ...(added.length === 0 ? [] : [`${added.join(', ')} (from the database)`]),
  ];
  return parts.join('; ');
}

function adminText(key: AdminKey, url: string): string {
  if ('off' in key) return `off: set ${ADMIN_KEY_VARIABLE} to switch it on`;
  return `${url}/admin/v1, key ${key.from === 'made' ? `in ${key.path}` : `of ${key.path}`}`;
}

function banner({ settings, config, url, readyKey, adminKey, isKeyless, models }: BannerFacts): string {
  const lines = ['', `${pc.bold('Sluice')} listens on ${pc.cyan(url)}`, ''];
  lines.push(`  Accounts: ${accountsText(settings, config)}`);
  for (const { variable, lacks } of settings.passedOver)
    lines.push(`            ${variable} is set and makes no account without ${lacks.join(' and ')}.`);
  lines.push(`  Models:   ${modelsText(models)}`, `  Base URL: ${url}/v1`);
  if (config.admin.enabled) lines.push(`  Admin:    ${adminText(adminKey, url)}`);
  if (isKeyless) lines.push('  Key:      none yet: `sluice keys create` makes one');
  if (readyKey !== undefined) {
    lines.push(
      `  Key:      ${readyKey}`,
      '',
      'Try it:',
      '',
      `  curl ${url}/v1/chat/completions \\`,
      `    -H 'Authorization: Bearer ${readyKey}' -H 'Content-Type: application/json' \\`,
      `    -d '{"model":"${models[0] ?? ''}","messages":[{"role":"user","content":"Hello, who are you?"}]}'`,
    );
  }
  if (settings.source === 'simulator' && config.accounts[0]?.id === settings.config.accounts[0]?.id)
    lines.push(
      '',
      'With real accounts: set DASHSCOPE_API_KEY (or OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY,',
      'DEEPSEEK_API_KEY …: `sluice providers` tells all), or write a sluice.yaml (see docs/configuration.md), and start again.',
    );
  return `${lines.join('\n')}\n\n`;
}

type Running = {
  readonly app: App;
  readonly upstreams: Upstreams;
  readonly books: Books;
  readonly transport: Transport;
  readonly log: Logger;
  readonly drainMs: number;
};

function reloadOnChange(
  path: string,
  { app, upstreams, log, keys }: Running & { readonly keys: Config },
): () => void {
  let address = keys.server;
  const reload = (): void => {
    try {
      const next = loadFile(path, process.env);
      const keyless = withoutKeys(next, path);
      if (keyless !== undefined && app.access.stored === 0) throw keyless;
      upstreams.stored.use({ config: next, source: 'file' });
      const moved = next.server.host !== address.host || next.server.port !== address.port;
      address = next.server;
      log.info(
        { file: path, accounts: next.accounts.length, keys: next.keys.length },
        'configuration reloaded',
      );
      if (moved) log.warn({ file: path }, 'a new host or port takes a restart');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.error({ file: path, error: reason }, 'configuration not reloaded: the old one stays in force');
    }
  };
  const watching = watchConfig({ path, onChange: reload, clock: systemClock });
  process.on('SIGHUP', reload);
  return () => watching.close();
}

/** First signal: drain. Second: leave at once. */
function endOnSignal({ app, books, transport, log, drainMs }: Running, stopWatching: () => void): void {
  let ending = false;
  const end = async (signal: string): Promise<void> => {
    if (ending) process.exit(1);
    ending = true;
    stopWatching();
    log.info({ signal, active: app.server.active() }, 'shutting down: no new calls, what runs may end');
    await app.server.drain(drainMs);
    await app.server.close();
    // Every call that ran has its entry: they are committed before anything is let go of.
    await books.close();
    await app.alerts.close();
    await transport.close();
    log.info({}, 'ended');
    await log.flush();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal));
}
