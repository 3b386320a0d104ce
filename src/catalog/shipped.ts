/** The files of `catalog/` as they come with Sluice. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const FOLDER = resolve(import.meta.dirname, '../../catalog');

const NAME = /^[a-z0-9-]+$/;

export function readShipped(provider: string): string | undefined {
  const path = resolve(FOLDER, `${provider}.json`);
  return NAME.test(provider) && existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Providers that have a file. */
export const shippedProviders = (): readonly string[] =>
  readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
