/** Rules 3 and 6: no file too long to read, no name that says nothing, no word of the machine it was made on. */

import type { SourceFile } from './tree.ts';

const MAX_LINES = 400;

export const lengthComplaints = (files: readonly SourceFile[]): string[] =>
  files
    .filter(({ path }) => /\.(ts|tsx|js|mjs)$/.test(path))
    .map(({ path, text }) => ({ path, lines: text.replace(/\n$/, '').split('\n').length }))
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ path, lines }) => `${path} has ${lines} lines, the wall is at ${MAX_LINES}`);

const EMPTY_NAMES = /(^|[-.])(utils?|helpers?|common|misc|types|managers?|services?|handlers?)(\.|$)/;

/** Whole names and last words (`string-utils.ts`) alike. */
export const nameComplaints = (paths: readonly string[]): string[] =>
  paths
    .filter((path) => EMPTY_NAMES.test(path.replace(/\/$/, '').split('/').at(-1) ?? ''))
    .map((path) => `${path}: a name that says nothing`);

const MACHINE = /(?<![\w.-])\/(?:work|root)\//;

/** Folders of the machine, and registries other than the public one. */
export function machineComplaints(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const complaints: string[] = [];
    const folder = MACHINE.exec(text);
    if (folder !== null)
      complaints.push(`${path} names ${folder[0]}, a folder of the machine it was made on`);
    for (const [, host] of (path.endsWith('package-lock.json') ? text : '').matchAll(
      /"resolved": "https?:\/\/([^/"]+)/g,
    )) {
      if (host === 'registry.npmjs.org') continue;
      complaints.push(`${path} was resolved from ${host}`);
      break;
    }
    const registry = /^\s*(?:@[\w-]+:)?registry\s*=\s*(.+)$/m.exec(path.endsWith('.npmrc') ? text : '');
    if (registry !== null) complaints.push(`${path} names a registry`);
    return complaints;
  });
}
