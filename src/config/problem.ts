/**
 * Everything that is wrong with a configuration, at once, as data and as text for a terminal: place, sentence, the
 * line itself with a marker under the fault. Values that may be secrets appear in neither.
 */

export type Problem = {
  readonly file: string;
  /** Both from 1; absent when the problem is with no place in a file. */
  readonly line?: number;
  readonly column?: number;
  /** `accounts[0].models.qwen3-max.limits.rpm`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  readonly expected?: string;
  /** What stands there instead, as far as it may be shown. */
  readonly found?: string;
  /** The valid name that was probably meant. */
  readonly nearest?: string;
  readonly excerpt?: Excerpt;
};

export type Excerpt = {
  /** The line, secrets covered. */
  readonly text: string;
  /** From 0. */
  readonly offset: number;
  readonly length: number;
};

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problemsText(problems));
    this.problems = problems;
  }
}

export function problemsText(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  return [`${count} in the configuration`, ...problems.map(problemText)].join('\n\n');
}

function problemText({ file, line, column, path, message, excerpt }: Problem): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  const head = [path === '' ? place : `${place}  ${path}`, `  ${message}`];
  if (excerpt === undefined || line === undefined) return head.join('\n');
  const gutter = ' '.repeat(String(line).length);
  // Tabs stay tabs under the line, or the marker would stand elsewhere.
  const indent = excerpt.text.slice(0, excerpt.offset).replace(/[^\t]/g, ' ');
  const marker = indent + '^'.repeat(Math.max(1, excerpt.length));
  return [...head, `  ${line} | ${excerpt.text}`, `  ${gutter} | ${marker}`].join('\n');
}

/** What is wrong with a file that names nobody who may call, where nobody else does; undefined when it names somebody. */
export const withoutKeys = (
  config: { readonly keys: readonly unknown[] },
  file: string,
): ConfigError | undefined =>
  config.keys.length > 0
    ? undefined
    : new ConfigError([
        {
          file,
          path: 'keys',
          message:
            'no client key is configured, so nobody could call; add keys: [{ id: dev, key: "${SLUICE_KEY}" }], or make one with ' +
            '`sluice keys create` while Sluice runs',
        },
      ]);
