/**
 * One thing that is wrong with the values, before anybody knows where in a file they stood. Made from zod's issues
 * here, and by `references.ts` for what one value alone cannot show.
 */

import type { z } from 'zod';
import { type JsonSchema, schemasAt } from './json-schema.ts';
import type { Path } from './place.ts';

export type Issue = {
  readonly path: Path;
  /** Whether the name or the value is wrong. */
  readonly at: 'name' | 'value';
  /** Completes "expected …". */
  readonly expected: string;
  /** A name that is not among the valid ones. */
  readonly unknown?: { readonly noun: string; readonly words: readonly string[] };
  /** The whole message, where "expected …, found …" would not say it. */
  readonly message?: string;
};

type ZodIssue = z.core.$ZodIssue;

export function issuesOf(issues: readonly ZodIssue[], schema: JsonSchema): Issue[] {
  return issues.flatMap((issue) => issueOf(issue, [], schema));
}

function issueOf(issue: ZodIssue, above: Path, schema: JsonSchema): Issue[] {
  const path = [...above, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))];
  switch (issue.code) {
    case 'unrecognized_keys': {
      const words = schemasAt(schema, path).flatMap(({ properties }) => Object.keys(properties ?? {}));
      const expected = `one of ${words.join(', ')}`;
      return issue.keys.map((name) => ({
        path: [...path, name],
        at: 'name',
        expected,
        unknown: { noun: 'key', words },
      }));
    }
    case 'invalid_union': {
      const branch = issue.errors.find((errors) => errors.every((inner) => isInside(inner)));
      if (branch !== undefined) return branch.flatMap((inner) => issueOf(inner, path, schema));
      const expected = [...new Set(issue.errors.flat().map(expectation))].join(', or ');
      return [{ path, at: 'value', expected }];
    }
    default: {
      const words = issue.code === 'custom' ? (issue.params?.['words'] as WordList | undefined) : undefined;
      const unknown = words === undefined ? {} : { unknown: { noun: words.noun, words: words.list } };
      return [{ path, at: 'value', expected: expectation(issue), ...unknown }];
    }
  }
}

type WordList = { readonly noun: string; readonly list: readonly string[] };

/** The value had the shape of this branch: the fault lies deeper. */
const isInside = (issue: ZodIssue): boolean => issue.path.length > 0 || issue.code === 'unrecognized_keys';

function expectation(issue: ZodIssue): string {
  if (issue.code === 'custom') return issue.message;
  if (issue.code === 'too_small') return 'at least one entry';
  if (issue.code !== 'invalid_type') return 'something else';
  return issue.expected === 'array' ? 'a list' : 'a mapping';
}
