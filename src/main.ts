/** The command line: one file a command in `cli/`. */

import { readFileSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import pc from 'picocolors';
import { known } from './app.ts';
import { sleep, systemClock } from './base/clock.ts';
import { accountsCommand } from './cli/accounts.ts';
import type { AdminDoors } from './cli/admin-client.ts';
import { adminKeyAtHand } from './cli/admin-key.ts';
import { adminsCommand } from './cli/admins.ts';
import { alertsCommand } from './cli/alerts.ts';
import { benchesCommand } from './cli/benches.ts';
import { callsCommand } from './cli/calls.ts';
import { channelsCommand } from './cli/channels.ts';
import { checkCommand } from './cli/check.ts';
import { costCommand } from './cli/cost.ts';
import { costDoors } from './cli/cost-doors.ts';
import { databasePlace } from './cli/database-place.ts';
import { dbCommand } from './cli/db.ts';
import { demoCommand } from './cli/demo.ts';
import { diagnoseCommand, terminalDoors } from './cli/diagnose.ts';
import { factorsCommand } from './cli/factors.ts';
import { keysCommand } from './cli/keys.ts';
import { limitsCommand } from './cli/limits.ts';
import { checkLive } from './cli/live.ts';
import { modelsCommand } from './cli/models.ts';
import { onCommand } from './cli/on.ts';
import { pricesCommand } from './cli/prices.ts';
import { providersCommand } from './cli/providers.ts';
import { readInput } from './cli/read-secret.ts';
import { addressToCall, type RelayDoors } from './cli/running-relay.ts';
import { findSettings } from './cli/settings.ts';
import { simulateCommand } from './cli/simulate.ts';
import { startCommand } from './cli/start.ts';
import { statementCommand } from './cli/statement.ts';
import { projectsCommand, tenantsCommand } from './cli/tenants.ts';
import { unknownCommand } from './cli/unknown-command.ts';
import { usageCommand } from './cli/usage.ts';
import { walletCommand } from './cli/wallet.ts';
import { createTransport } from './providers/transport.ts';
import { sendWebhook } from './telemetry/webhook.ts';

/** Where the running relay is, and the way to it. */
const relayDoors: RelayDoors = {
  addressOf: (file) => addressToCall(findSettings(file, process.env).config.server),
  get: (url, headers) => ask(url, { headers }),
  post: (url, body) => ask(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body }),
  write: (text) => process.stdout.write(text),
};

/** The way to its admin API. */
const adminDoors = {
  addressOf: relayDoors.addressOf,
  adminKeyOf: (file) => adminKeyAtHand(findSettings(file, process.env).config, process.env),
  send: async ({ url, ...request }) => {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(60_000) });
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    };
  },
  write: (text) => process.stdout.write(text),
  width: () => (process.stdout.isTTY ? process.stdout.columns : undefined),
} satisfies AdminDoors;

/** And what commands that read the books ask of the terminal. */
const reportDoors = {
  ...adminDoors,
  nowMs: systemClock.now,
  goesOn: async (ms: number) => {
    await sleep(systemClock, ms);
    return true;
  },
  writeFile: (path: string, text: string) => writeFileSync(path, text),
};

async function ask(url: string, request: RequestInit): Promise<{ status: number; body: string }> {
  const response = await fetch(url, { ...request, signal: AbortSignal.timeout(5_000) });
  return { status: response.status, body: await response.text() };
}

const program = new Command('sluice')
  .description('An LLM relay: one key, many accounts, and the 429s stop.')
  .addCommand(startCommand(), { isDefault: true })
  .addCommand(
    checkCommand({
      known,
      env: process.env,
      readFile: (path) => readFileSync(path, 'utf8'),
      write: (text) => process.stdout.write(text),
      writeError: (text) => process.stderr.write(text),
      setExitCode: (code) => {
        process.exitCode = code;
      },
      live: async (config) => {
        const transport = createTransport({ connectTimeoutMs: config.timeouts.connectMs });
        try {
          return await checkLive(config, { clock: systemClock, random: Math.random, fetch: transport.fetch });
        } finally {
          await transport.close();
        }
      },
    }),
  )
  .addCommand(providersCommand({ write: (text) => process.stdout.write(text) }))
  .addCommand(
    modelsCommand({
      configOf: (file) => findSettings(file, process.env).config,
      nowMs: systemClock.now,
      write: (text) => process.stdout.write(text),
    }),
  )
  .addCommand(costCommand(costDoors()))
  .addCommand(
    dbCommand({
      placeOf: ({ config, database }) =>
        database === undefined
          ? databasePlace(findSettings(config, process.env).config, process.env)
          : databasePlace({ dataDir: '', storage: {} }, {}, database),
      nowMs: systemClock.now,
      write: (text) => process.stdout.write(text),
      take: (text) => new Promise((resolve) => process.stdout.write(text, (error) => resolve(error == null))),
      terminal: process.stderr,
    }),
  )
  .addCommand(limitsCommand(relayDoors))
  .addCommand(benchesCommand(relayDoors))
  .addCommand(onCommand(relayDoors))
  .addCommand(adminsCommand(adminDoors))
  .addCommand(walletCommand(adminDoors))
  .addCommand(pricesCommand(adminDoors))
  .addCommand(factorsCommand(adminDoors))
  .addCommand(tenantsCommand(adminDoors))
  .addCommand(projectsCommand(adminDoors))
  .addCommand(keysCommand({ ...adminDoors, nowMs: systemClock.now }))
  .addCommand(usageCommand(reportDoors))
  .addCommand(callsCommand(reportDoors))
  .addCommand(statementCommand(reportDoors))
  .addCommand(
    accountsCommand({
      ...adminDoors,
      env: process.env,
      readFile: (path) => readFileSync(path, 'utf8'),
      readInput: (question) =>
        readInput(question, { input: process.stdin, write: (text) => process.stderr.write(text) }),
      setExitCode: (code) => {
        process.exitCode = code;
      },
    }),
  )
  .addCommand(channelsCommand({ ...adminDoors, sleep: (ms) => sleep(systemClock, ms) }))
  .addCommand(
    alertsCommand({
      webhooksOf: (file) => findSettings(file, process.env).config.alerts.webhooks,
      send: async (webhook, message) => {
        const transport = createTransport({ connectTimeoutMs: 5_000 });
        try {
          return await sendWebhook(webhook, message, { clock: systemClock, fetch: transport.fetch });
        } finally {
          await transport.close();
        }
      },
      nowMs: systemClock.now,
      write: (text) => process.stdout.write(text),
      setExitCode: (code) => {
        process.exitCode = code;
      },
    }),
  )
  .addCommand(diagnoseCommand(terminalDoors()))
  .addCommand(simulateCommand())
  .addCommand(demoCommand());

// Whoever reads (`sluice models | head`) may have enough before the end.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  const names = program.commands.map((command) => ({
    name: command.name(),
    commands: [...command.commands.map((below) => below.name()), 'help'],
    takesWords: command.commands.length === 0 || command.registeredArguments.length > 0,
  }));
  const unknown = unknownCommand(process.argv.slice(2), [...names, { name: 'help' }]);
  if (unknown !== undefined) throw new Error(unknown);
  await program.parseAsync();
} catch (error) {
  const text = `${pc.red('error:')} ${error instanceof Error ? error.message : String(error)}\n`;
  // A relay that could not start may have begun much that would go on: a database, timers.
  process.stderr.write(text, () => process.exit(1));
}
