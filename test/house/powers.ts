/** Rule 2: time, chance, environment, console and network come in by hand; only the files listed here reach for them. */

import { isForTests, type SourceFile } from './tree.ts';

type Power = {
  readonly name: string;
  readonly pattern: RegExp;
  /** A name bound in the file is an argument, not the global. */
  readonly binding?: RegExp;
  /** File, or folder with a slash at its end, and why it may. */
  readonly allowed: Readonly<Record<string, string>>;
};

const ENTRY = {
  'src/main.ts': 'the process begins here',
  'src/cli/': 'commands speak to a terminal',
};

export const POWERS: readonly Power[] = [
  {
    name: 'the time',
    pattern: /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.(now|timeOrigin)\b/,
    allowed: { 'src/base/clock.ts': 'the real clock' },
  },
  {
    name: 'a timer',
    pattern: /\b(setTimeout|setInterval|setImmediate)\b|['"]node:timers/,
    allowed: { 'src/base/clock.ts': 'the real clock' },
  },
  {
    name: 'chance',
    pattern: /\bMath\.random\b/,
    allowed: { ...ENTRY, 'src/app.ts': 'hands chance to the rooms' },
  },
  {
    name: 'the environment',
    pattern: /\bprocess\.env\b/,
    allowed: ENTRY,
  },
  {
    name: 'the console',
    pattern:
      /(?<![\w./-])console\.(log|error|warn|info|debug|trace|dir|table|assert|time\w*|group\w*|count\w*)\b/,
    allowed: ENTRY,
  },
  {
    name: 'the end of the process',
    pattern: /\bprocess\.(exit|abort|kill)\b/,
    allowed: ENTRY,
  },
  {
    name: 'the network',
    pattern: /(?<![.\w])fetch\(|\bglobalThis\.fetch\b/,
    binding: /\b(const|let|function)\s+fetch\b|\bfetch\??\s*:|[{,(]\s*fetch\s*[,}):=]/,
    allowed: {},
  },
];

export function powerComplaints(files: readonly SourceFile[], powers = POWERS): string[] {
  return files
    .filter(({ path }) => path.startsWith('src/') && path.endsWith('.ts') && !isForTests(path))
    .flatMap(({ path, text }) => {
      const code = withoutComments(text);
      return powers
        .filter(({ pattern, binding, allowed }) => {
          if (!pattern.test(code) || Object.keys(allowed).some((place) => covers(place, path))) return false;
          return !(binding?.test(code) ?? false) || code.includes('globalThis.fetch');
        })
        .map(({ name }) => `${path} reaches for ${name}: let it come in as an argument`);
    });
}

const covers = (place: string, path: string): boolean =>
  place.endsWith('/') ? path.startsWith(place) : path === place;

export const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
