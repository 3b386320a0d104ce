/**
 * `npm run catalog`: compares the catalogue with public lists of models and prices and prints what differs. Reads the
 * package that is installed, and files that are named; with `--write` it brings those numbers up to date that came from
 * the same list before. What only a list has, or has no more, is for a person to decide.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type CatalogueInput, parseFile } from '../src/catalog/schema.ts';
import { readShipped } from '../src/catalog/shipped.ts';
import { type Difference, differences, updated } from './catalog/compare.ts';
import { genaiPrices, type ImportedList, litellm, modelsDev, openrouterModels } from './catalog/imported.ts';
import { printFile } from './catalog/print-file.ts';

const FOLDER = resolve(import.meta.dirname, '../catalog');

const FROM_FILE = {
  openrouter: openrouterModels,
  'models-dev': modelsDev,
  litellm,
} as const;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      write: { type: 'boolean', default: false },
      openrouter: { type: 'string' },
      'models-dev': { type: 'string' },
      litellm: { type: 'string' },
      provider: { type: 'string' },
    },
  });
  const lists: ImportedList[] = await genaiPrices();
  for (const [name, read] of Object.entries(FROM_FILE)) {
    const path = values[name as keyof typeof FROM_FILE];
    if (path !== undefined) lists.push(...read(JSON.parse(readFileSync(path, 'utf8'))));
  }
  const today = new Date().toISOString().slice(0, 10);
  let count = 0;
  for (const list of lists) {
    if (values.provider !== undefined && values.provider !== list.provider) continue;
    const text = readShipped(list.provider);
    if (text === undefined) continue;
    parseFile(text, list.provider);
    const file = JSON.parse(text) as CatalogueInput;
    const found = differences(file, list);
    count += found.length;
    if (found.length > 0) console.log(reportOf(list, found));
    if (!values.write) continue;
    const next = updated(file, list, today);
    if (next.changed === 0) continue;
    writeFileSync(resolve(FOLDER, `${list.provider}.json`), printFile(next.file));
    console.log(`  wrote ${next.changed} to catalog/${list.provider}.json\n`);
  }
  if (count === 0) console.log('The catalogue and the lists agree.');
}

export function reportOf({ importer, provider, region }: ImportedList, found: readonly Difference[]): string {
  const rows = found.map(({ what, id, ours, theirs, applies }) => [
    what === 'price' && !applies ? 'price (other source)' : what,
    id,
    ours,
    what === 'gone' ? '' : `→ ${theirs}`,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(Math.min(60, widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  const where = region === undefined ? provider : `${provider} (${region})`;
  return `${where} by ${importer}: ${found.length}\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

if (import.meta.main) await main();
