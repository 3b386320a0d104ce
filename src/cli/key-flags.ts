/** What `sluice keys create` and `sluice keys edit` may say of a key, and the body that the admin API gets of it. */

import { type Command, Option } from 'commander';
import type { JsonObject } from '../base/json.ts';
import { PRIORITIES } from '../domain/call.ts';
import { LIMIT_NAMES } from '../domain/limits.ts';
import type { AdminFlags } from './admin-client.ts';
import {
  mixed,
  type Off,
  readBudget,
  readLimit,
  readList,
  readMoment,
  readNote,
  readNumber,
  readSwitch,
  unlessOff,
} from './people-flags.ts';

const LIMITS = LIMIT_NAMES.filter((name) => name !== 'ramp');

export type KeyFlags = AdminFlags & {
  readonly label?: string;
  readonly project?: string;
  readonly expires?: string;
  readonly models?: readonly string[] | Off;
  readonly endpoints?: readonly string[] | Off;
  readonly addresses?: readonly string[] | Off;
  readonly onLimit?: string;
  readonly priority?: string;
  readonly weight?: number;
  readonly fallback?: boolean;
  readonly fallbacks?: readonly string[] | Off;
  readonly objects?: boolean;
  readonly budget?: JsonObject;
  readonly note?: JsonObject;
} & { readonly [Name in (typeof LIMITS)[number]]?: number | Off };

export function sayingKey(command: Command): Command {
  command
    .option('-l, --label <text>', 'what it is for')
    .option('-p, --project <id>', 'the project that it is for, or off')
    .option('--expires <when>', 'a date, a time from now on (90d), or off')
    .option('--models <names>', 'models that it may use, by commas, or off for all', readList)
    .option(
      '--endpoints <names>',
      'where it may ask (chat, embeddings, objects …), or off for everywhere',
      readList,
    )
    .option(
      '--addresses <blocks>',
      'where its calls may come from (10.0.0.0/8, …), or off for anywhere',
      readList,
    );
  for (const name of LIMITS)
    command.option(`--${name} <number>`, `limit of its own: ${name}, or off`, readLimit);
  return command
    .addOption(new Option('--on-limit <way>', 'at a limit').choices(['queue', 'reject']))
    .addOption(new Option('--priority <class>', 'in a line').choices(PRIORITIES))
    .option('--weight <number>', 'share among keys of one priority', readNumber)
    .option('--fallback <on|off>', 'may a fallback model serve its calls?', readSwitch)
    .option('--fallbacks <names>', 'those that may, in this order, or off for those of the model', readList)
    .option('--objects <on|off>', 'may it reach files and batches?', readSwitch)
    .option('--budget <period=dollars>', 'day, week, month or total, as in day=5; several times', readBudget)
    .option('--note <name=value>', 'a note of your own; several times', readNote);
}

/** `before`: the key as it is, whose limits, budgets and notes stay where nothing is said of them. */
export function keyBody(
  flags: KeyFlags,
  { before = {}, nowMs }: { readonly before?: JsonObject; readonly nowMs: number },
): JsonObject {
  const limits = Object.fromEntries(
    LIMITS.flatMap((name) => (flags[name] === undefined ? [] : [[name, unlessOff(flags[name])] as const])),
  );
  const said = {
    label: flags.label,
    project: unlessOff(flags.project),
    expires_at: flags.expires === undefined ? undefined : readMoment(flags.expires, nowMs),
    models: unlessOff(flags.models),
    endpoints: unlessOff(flags.endpoints),
    addresses: unlessOff(flags.addresses),
    limits: Object.keys(limits).length === 0 ? undefined : mixed(before['limits'], limits),
    on_limit: flags.onLimit,
    priority: flags.priority,
    weight: flags.weight,
    fallback: flags.fallback,
    fallbacks: unlessOff(flags.fallbacks),
    objects: flags.objects,
    budgets: flags.budget === undefined ? undefined : mixed(before['budgets'], flags.budget),
    metadata: flags.note === undefined ? undefined : mixed(before['metadata'], flags.note),
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}
