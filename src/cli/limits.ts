/**
 * `sluice limits`: the limits of every channel of the running relay, as configured, as in force after what was
 * learned, how much of them is used, and why.
 */

import { Command } from 'commander';
import pc from 'picocolors';
import type { LaneView, LimitView } from '../admission/lane-view.ts';
import { askRelay, type RelayDoors, type RelayFlags, showingRelay, WANTS_KEY } from './running-relay.ts';

type Flags = RelayFlags & { readonly json?: boolean };

export type LimitsDoors = Pick<RelayDoors, 'addressOf' | 'get' | 'write'>;

export function limitsCommand(doors: LimitsDoors): Command {
  const command = new Command('limits').description(
    'show the limits of the running relay: configured, learned, used, and why',
  );
  return showingRelay(command).action((flags: Flags) => limits(flags, doors));
}

async function limits(flags: Flags, doors: LimitsDoors): Promise<void> {
  const { channels } = (await askRelay({ path: '/live/limits', toStrangers: WANTS_KEY }, flags, doors)) as {
    readonly channels: readonly LaneView[];
  };
  doors.write(flags.json === true ? `${JSON.stringify(channels, null, 2)}\n` : limitsText(channels));
}

const BAR = 20;

export function limitsText(channels: readonly LaneView[]): string {
  if (channels.length === 0) return 'No channel is configured.\n';
  return channels.map(channelText).join('\n');
}

function channelText({ channel, limits: rows, notes, pausedMs, arrivesWithinMs }: LaneView): string {
  const lines = [pc.bold(channel)];
  if (rows.length === 0) lines.push('  no limits are known');
  for (const row of rows) lines.push(`  ${rowText(row)}`);
  lines.push(pc.dim(`  a call arrives within ${Math.round(arrivesWithinMs)} ms of the shortest way`));
  if (pausedMs !== undefined) lines.push(pc.yellow(`  paused for ${Math.ceil(pausedMs)} ms after a refusal`));
  for (const note of notes) lines.push(pc.yellow(`  ${note}`));
  return `${lines.join('\n')}\n`;
}

function rowText({ limit, configured, inForce, used }: LimitView): string {
  const share = Math.min(1, inForce > 0 ? used / inForce : 0);
  const full = Math.round(share * BAR);
  const bar = `${'█'.repeat(full)}${'·'.repeat(BAR - full)}`;
  const learned =
    Math.abs(inForce - configured) > 0.05 * configured ? ` (configured ${number(configured)})` : '';
  return `${limit.padEnd(12)}${bar} ${number(used).padStart(11)} of ${number(inForce)}${learned}`;
}

const number = (value: number): string => Math.round(value).toLocaleString('en-US');
