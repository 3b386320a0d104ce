/** Everything that goes wrong below `/admin/`, as `application/problem+json` of RFC 9457. */

import type { FastifyError, FastifyReply } from 'fastify';
import type { z } from 'zod';
import { Failure } from '../../domain/failure.ts';
import { DatabaseError, type DatabaseErrorKind } from '../../storage/database-error.ts';
import { AdminProblem } from './route.ts';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

const TITLES: Readonly<Record<number, readonly [word: string, title: string]>> = {
  400: ['invalid_request', 'The request is wrong.'],
  401: ['unauthenticated', 'Nobody has this key.'],
  403: ['forbidden', 'This is not allowed.'],
  404: ['not_found', 'There is no such thing.'],
  405: ['method_not_allowed', 'The route has no such method.'],
  409: ['conflict', 'It stands against what is there.'],
  412: ['version_mismatch', 'It has changed meanwhile.'],
  413: ['too_large', 'The request is too large.'],
  415: ['unsupported_media_type', 'The body is not JSON.'],
  422: ['unprocessable', 'It cannot be done as it is said.'],
  428: ['version_required', 'The version must be said.'],
  429: ['too_many_attempts', 'It was tried too often.'],
  500: ['internal', 'A fault of Sluice.'],
  503: ['unavailable', 'It cannot be done now.'],
};

export type Problem = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: {
    readonly type: string;
    readonly title: string;
    readonly status: number;
    readonly detail: string;
    readonly instance: string;
    readonly errors?: readonly { readonly path: string; readonly message: string }[];
  };
};

const DATABASE_SAYS: Readonly<
  Record<Exclude<DatabaseErrorKind, 'wrong'>, { readonly status: number; readonly detail: string }>
> = {
  away: {
    status: 503,
    detail: 'The database does not answer just now: nothing is known to have changed. Look, and try again.',
  },
  met: {
    status: 503,
    detail: 'Others were changing the same at the same time: nothing was changed. Try again.',
  },
  unique: { status: 409, detail: 'There is one of that name already.' },
  constraint: { status: 409, detail: 'It does not fit to what is there: nothing was changed.' },
};

/** `instance`: the request's id. What nobody foresaw is told to the log alone. */
export function problemOf(error: unknown, instance: string, onFault: (error: unknown) => void): Problem {
  if (error instanceof AdminProblem)
    return of(error.status, {
      detail: error.message,
      instance,
      errors: error.errors,
      headers: error.headers,
    });
  if (error instanceof Failure)
    return of(error.status, { detail: error.message, instance, word: error.kind });
  if (error instanceof DatabaseError && error.kind !== 'wrong') {
    const { status, detail } = DATABASE_SAYS[error.kind];
    const headers: Record<string, string> = status === 503 ? { 'retry-after': '2' } : {};
    return of(status, { detail, instance, headers });
  }
  const { statusCode, message } = error as FastifyError;
  if (error instanceof Error && statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return of(statusCode, { detail: `${message}.`, instance });
  onFault(error);
  return of(500, { detail: 'Something went wrong within Sluice. The log has it under this id.', instance });
}

function of(
  status: number,
  said: {
    readonly detail: string;
    readonly instance: string;
    readonly word?: string;
    readonly errors?: AdminProblem['errors'];
    readonly headers?: Readonly<Record<string, string>>;
  },
): Problem {
  const [word, title] = TITLES[status] ?? ['other', 'The request was refused.'];
  const { detail, instance, errors = [], headers = {} } = said;
  return {
    status,
    headers,
    body: {
      type: `urn:sluice:problem:${said.word ?? word}`,
      title,
      status,
      detail,
      instance,
      ...(errors.length === 0 ? {} : { errors }),
    },
  };
}

export function sendProblem(reply: FastifyReply, { status, headers, body }: Problem): FastifyReply {
  return reply
    .code(status)
    .headers({ ...ALWAYS, ...headers, 'x-request-id': body.instance, 'request-id': body.instance })
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(body));
}

/** On every answer of the admin API: nobody keeps it, guesses its type, frames it or runs anything in it. */
export const ALWAYS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
} as const;

/** In the words of the house where the schema has none of its own. */
function saidOf(issue: z.core.$ZodIssue): string {
  if (!/^(?:Invalid|Too) /.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_value':
      return `expected ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
    case 'invalid_type':
      return `expected ${NOUNS[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return `expected ${amountOf(issue.minimum, { ...issue, word: 'least' })}`;
    case 'too_big':
      return `expected ${amountOf(issue.maximum, { ...issue, word: 'most' })}`;
    default:
      return issue.message;
  }
}

const NOUNS: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};

const UNITS: Readonly<Record<string, readonly [one: string, more: string]>> = {
  string: [' character', ' characters'],
  array: [' entry', ' entries'],
};

function amountOf(
  bound: number | bigint,
  {
    word,
    origin,
    inclusive,
  }: { readonly word: string; readonly origin: string; readonly inclusive?: boolean },
): string {
  const amount = `${bound}${UNITS[origin]?.[Number(bound) === 1 ? 0 : 1] ?? ''}`;
  return inclusive === false
    ? `${word === 'least' ? 'more' : 'less'} than ${amount}`
    : `at ${word} ${amount}`;
}

/** `where`: `body`, `query` or `params`. No value that was sent is repeated. */
export function wrongFields(where: string, error: z.ZodError): AdminProblem {
  const errors = error.issues.flatMap((issue) => {
    const path = [where, ...issue.path.map(String)].join('.');
    return issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: `${path}.${key.slice(0, 100)}`, message: 'there is no such field' }))
      : [{ path, message: saidOf(issue) }];
  });
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new AdminProblem(400, `${first?.path ?? where}: ${first?.message ?? 'is wrong'}${more}.`, errors);
}
