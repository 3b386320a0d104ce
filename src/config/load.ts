/**
 * The configuration file, read once and checked as a whole: either every value is right and in its final form, or
 * one `ConfigError` lists all that is not.
 */

import { dirname, resolve } from 'node:path';
import type { Config } from './config.ts';
import type { Environment } from './interpolate.ts';
import { jsonSchemaOf } from './json-schema.ts';
import type { Known } from './known.ts';
import { ConfigError } from './problem.ts';
import { reportProblems } from './report.ts';
import { fileSchema } from './schema.ts';
import { readSource } from './source.ts';
import { validate } from './validate.ts';

export type LoadOptions = {
  /** As it shall be named in messages. */
  readonly path: string;
  readonly env: Environment;
  /** Whole file as text. Throws when it cannot. */
  readonly readFile: (path: string) => string;
  readonly known: Known;
};

/** Throws `ConfigError`. */
export function loadConfig({ path, env, readFile, known }: LoadOptions): Config {
  const text = readConfiguration(path, readFile);
  const folder = dirname(resolve(path));
  const source = readSource(text, { env, readFile: (name) => readFile(resolve(folder, name)) });
  const schema = jsonSchemaOf(fileSchema(known));
  const validated = source.readable ? validate(source.data, known) : { issues: [] };
  if ('config' in validated && source.problems.length === 0) return validated.config;
  const issues = 'issues' in validated ? validated.issues : [];
  throw new ConfigError(reportProblems(issues, { file: path, text, source, schema }));
}

function readConfiguration(path: string, readFile: LoadOptions['readFile']): string {
  try {
    return readFile(path).replace(/^\uFEFF/, '');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    const reason = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`;
    throw new ConfigError([{ file: path, path: '', message: `${reason}; --config names another one` }]);
  }
}
