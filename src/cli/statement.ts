/** `sluice statement`: a tenant's month, for people, or as a table (CSV) or a page to print (HTML) in a file. */

import { Command } from 'commander';
import pc from 'picocolors';
import { type AdminFlags, adminClient, listingAdmin, pathPart } from './admin-client.ts';
import { countText, moneyText } from './figures.ts';
import { type Column, tableText } from './table.ts';
import type { ReportCommandDoors } from './usage.ts';

export type StatementDoors = ReportCommandDoors & { writeFile(path: string, text: string): void };

type Flags = AdminFlags & { readonly month?: string; readonly html?: boolean; readonly output?: string };

export const statementCommand = (doors: StatementDoors): Command =>
  listingAdmin(
    new Command('statement')
      .description('what a tenant used in a month, what was charged, and its balance')
      .argument('<tenant>'),
  )
    .option('-m, --month <month>', 'such as 2026-11 (default: this month)')
    .option('--html', 'a page to print')
    .option('-o, --output <file>', 'write it there')
    .action((tenant: string, flags: Flags) => statement(tenant, flags, doors));

async function statement(tenant: string, flags: Flags, doors: StatementDoors): Promise<void> {
  if ([flags.csv, flags.html, flags.json].filter((flag) => flag === true).length > 1)
    throw new Error('--csv, --html and --json: give one of them');
  const text = await textOf(tenant, flags, doors);
  if (flags.output === undefined) doors.write(text);
  else {
    doors.writeFile(flags.output, text);
    doors.write(`The statement is in ${flags.output}.\n`);
  }
}

async function textOf(tenant: string, flags: Flags, doors: StatementDoors): Promise<string> {
  const client = adminClient(flags, doors);
  const path = `/tenants/${pathPart(tenant)}/statement`;
  const { month } = flags;
  if (flags.csv === true) return await client.text(path, { month, format: 'csv' });
  if (flags.html === true) return await client.text(path, { month, format: 'html' });
  const answer = await client.get(path, { month });
  if (flags.json === true) return `${JSON.stringify(answer, null, 2)}\n`;
  return statementText(answer as StatementAnswer, doors.width() ?? 80);
}

type Used = {
  readonly calls: number;
  readonly tokens: Readonly<Record<'input' | 'cache_read' | 'cache_write' | 'output' | 'reasoning', number>>;
  readonly unpriced: number;
  readonly list: string | null;
  readonly charged: string | null;
};

type UsedLine = Used & {
  readonly project: string | null;
  readonly key: string;
  readonly model: string;
  readonly factor: string;
};

export type StatementAnswer = {
  readonly tenant: { readonly id: string; readonly name: string };
  readonly month: string;
  readonly preliminary: boolean;
  readonly balance: Readonly<Record<'opening' | 'paid' | 'charged' | 'closing', string>> | null;
  readonly movements: readonly {
    readonly at: string;
    readonly kind: string;
    readonly amount: string;
    readonly note: string | null;
  }[];
  readonly usage: readonly UsedLine[];
  readonly total: Used;
};

const COLUMNS: readonly Column<UsedLine>[] = [
  { head: 'project', of: ({ project }) => project ?? '-' },
  { head: 'key', of: ({ key }) => key },
  { head: 'model', of: ({ model }) => model },
  { head: 'calls', right: true, of: ({ calls }) => countText(calls) },
  {
    head: 'tokens',
    right: true,
    spare: true,
    of: ({ tokens }) => countText(Object.values(tokens).reduce((sum, count) => sum + count, 0)),
  },
  { head: 'list', right: true, spare: true, of: ({ list, unpriced }) => moneyText(list, unpriced) },
  { head: 'factor', right: true, of: ({ factor }) => factor },
  { head: 'charged', right: true, of: ({ charged, unpriced }) => moneyText(charged, unpriced) },
];

export function statementText(answer: StatementAnswer, width: number): string {
  const { tenant, month, preliminary, balance, movements, usage, total } = answer;
  const head = pc.bold(`${tenant.name} (${tenant.id}), ${month}`);
  const mark = preliminary ? pc.yellow('preliminary: the month is not over') : '';
  const lines = [`${head}  ${mark}`.trimEnd(), ''];
  if (balance !== null) lines.push(...balanceLines(balance), '');
  for (const { at, kind, amount, note } of movements)
    lines.push(
      `  ${at.slice(0, 10)}  ${kind.padEnd(10)}  ${exact(amount).padStart(14)}  ${note ?? ''}`.trimEnd(),
    );
  if (movements.length > 0) lines.push('');
  lines.push(usage.length === 0 ? 'There were no calls.' : tableText(usage, COLUMNS, width).trimEnd());
  const unpriced = total.unpriced > 0 ? `, and ${total.unpriced} calls without a known price` : '';
  if (usage.length > 0)
    lines.push(
      '',
      `In all ${countText(total.calls)} calls, charged ${total.charged === null ? 'unknown' : exact(total.charged)}${unpriced}.`,
    );
  return `${lines.join('\n')}\n`;
}

const balanceLines = (balance: NonNullable<StatementAnswer['balance']>): string[] =>
  [
    ['opening balance', balance.opening],
    ['paid in', balance.paid],
    ['charged', negative(balance.charged)],
    ['closing balance', balance.closing],
  ].map(([name = '', amount = '']) => `  ${name.padEnd(16)}${exact(amount).padStart(18)}`);

const negative = (amount: string): string =>
  amount.startsWith('-') ? amount.slice(1) : amount === '0' ? '0' : `-${amount}`;

/** To the last unit, at least cents. */
function exact(amount: string): string {
  const [, sign = '', dollars = '0', places = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(amount) ?? [];
  return `${sign}$${BigInt(dollars).toLocaleString('en-US')}.${places.padEnd(2, '0')}`;
}
