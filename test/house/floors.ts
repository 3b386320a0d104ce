/** Rule 1: imports go down a floor or stay in the room; rooms on one floor are strangers; no cycles between files. */

import { isForTests, localImportsOf, type SourceFile } from './tree.ts';

export const FLOORS: Readonly<Record<string, number>> = {
  base: 0,
  domain: 1,
  dialects: 2,
  tokens: 2,
  state: 2,
  storage: 2,
  access: 3,
  routing: 3,
  admission: 3,
  providers: 3,
  ledger: 3,
  telemetry: 3,
  config: 3,
  simulator: 3,
  catalog: 3,
  relay: 4,
  http: 5,
  entry: 6,
};

/** `src/main.ts`, `src/app.ts` and `src/cli/` are one room. */
function roomOf(path: string): string {
  const [, first = '', second] = path.split('/');
  return second === undefined || first === 'cli' ? 'entry' : first;
}

export function floorComplaints(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => path.startsWith('src/') && path.endsWith('.ts') && !isForTests(path))
    .flatMap((file) => localImportsOf(file).flatMap((target) => importComplaints(file.path, target)));
}

function importComplaints(path: string, target: string): string[] {
  if (!target.startsWith('src/')) return [`${path} imports ${target}, which is outside src/`];
  if (isForTests(target)) return [`${path} imports ${target}, which is for tests alone`];
  const from = roomOf(path);
  const to = roomOf(target);
  if (from === to) return [];
  const here = FLOORS[from];
  const there = FLOORS[to];
  if (here === undefined) return [`${path} is in no known room: give '${from}' a floor`];
  if (there === undefined) return [`${target} is in no known room: give '${to}' a floor`];
  if (there === here) return [`${path} imports ${target}: rooms on one floor are strangers`];
  return there > here ? [`${path} imports ${target}, which is a floor above`] : [];
}

/** Each cycle once, as the list of its files. */
export function cycles(files: readonly SourceFile[]): string[][] {
  const imports = new Map(files.map((file) => [file.path, localImportsOf(file)]));
  const done = new Set<string>();
  const found: string[][] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      found.push([...trail.slice(start), path]);
      return;
    }
    if (done.has(path)) return;
    for (const target of imports.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return found;
}
