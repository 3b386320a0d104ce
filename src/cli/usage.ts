/** `sluice usage`: what was used and what it cost, by model or by other things, in a table, as CSV or as JSON. */

import { Command } from 'commander';
import { type AdminDoors, type AdminFlags, adminClient, listingAdmin } from './admin-client.ts';
import { askingRange, type RangeFlags, rangeQuery } from './asked-range.ts';
import { type UsageAnswer, usageText } from './usage-text.ts';

export type ReportCommandDoors = AdminDoors & {
  nowMs(): number;
  /** Of the terminal; undefined where it is none. */
  width(): number | undefined;
};

type Flags = AdminFlags & RangeFlags & { readonly by: string };

export const usageCommand = (doors: ReportCommandDoors): Command =>
  askingRange(
    listingAdmin(
      new Command('usage').description(
        'what was used and what it cost: this month by model, unless you say otherwise',
      ),
    ),
  )
    .option(
      '--by <groups>',
      'one or two, with a comma: model, key, tenant, project, channel, account, tag, day, hour …',
      'model',
    )
    .action((flags: Flags) => usage(flags, doors));

async function usage(flags: Flags, doors: ReportCommandDoors): Promise<void> {
  const client = adminClient(flags, doors);
  const query = { ...rangeQuery(flags, doors.nowMs()), by: flags.by };
  if (flags.csv === true) {
    doors.write(await client.text('/usage', { ...query, format: 'csv' }));
    return;
  }
  const answer = await client.get('/usage', query);
  doors.write(
    flags.json === true
      ? `${JSON.stringify(answer, null, 2)}\n`
      : usageText(answer as UsageAnswer, doors.width() ?? USUAL_WIDTH),
  );
}

const USUAL_WIDTH = 80;
