// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are for the reader of a configuration

/**
 * Values that do not belong in a file: `${VAR}`, `${VAR:-default}` and `${file:path}` inside any text, `$${` for a
 * literal `${`. A problem names the variable or the file, never a value, because most of them are secrets.
 */

export type Environment = Readonly<Record<string, string | undefined>>;

export type InterpolationSources = {
  readonly env: Environment;
  /** Reads a file named relative to the configuration file. Throws when it cannot. */
  readonly readFile: (path: string) => string;
};

export type Interpolated = { readonly text: string; readonly problems: readonly string[] };

/** `$${`, a whole `${…}`, or the `${` of one that is never closed. */
const PLACE = /\$\$\{|\$\{([^}]*)\}|\$\{/g;
const VARIABLE = /^([A-Za-z_]\w*)(?::-(.*))?$/s;

export const hasInterpolation = (text: string): boolean => text.includes('${');

export function interpolate(text: string, sources: InterpolationSources): Interpolated {
  const problems: string[] = [];
  const replaced = text.replace(PLACE, (whole: string, inner: string | undefined) => {
    if (whole === '$${') return '${';
    const value =
      inner === undefined
        ? { problem: 'an interpolation is not closed: "}" is missing' }
        : replacementOf(inner, sources);
    if ('text' in value) return value.text;
    problems.push(value.problem);
    return '';
  });
  return { text: replaced, problems };
}

type Value = { readonly text: string } | { readonly problem: string };

function replacementOf(inner: string, sources: InterpolationSources): Value {
  if (inner.startsWith('file:')) return fileText(inner.slice('file:'.length), sources);
  const match = VARIABLE.exec(inner);
  const name = match?.[1];
  if (name === undefined) {
    return {
      problem: 'not an interpolation: write ${VAR}, ${VAR:-default} or ${file:path}, and $${ for a plain ${',
    };
  }
  // As in a shell's `:-`, an empty variable counts as none: compose files pass unset ones on as empty text.
  const value = Object.hasOwn(sources.env, name) ? sources.env[name] : undefined;
  const text = value === undefined || value === '' ? match?.[2] : value;
  return text === undefined
    ? { problem: `the environment variable ${name} is not set (or empty)` }
    : { text };
}

function fileText(path: string, sources: InterpolationSources): Value {
  try {
    return { text: sources.readFile(path).replace(/(\r?\n)+$/, '') };
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    return { problem: `the file '${path}' cannot be read${reason}` };
  }
}
