/**
 * The OpenAPI 3.1 document of the admin API, made of the very routes and schemas that serve it. It has nothing in it but
 * what is in the source, so it is open to everybody.
 */

import { z } from 'zod';
import { type AdminRole, type AdminRoute, adminRoute } from './route.ts';

type Json = { readonly [key: string]: unknown };

export const OPENAPI_VERSION = '3.1.1';

const SECURITY = [{ adminKey: [] }, { session: [] }];

const PROBLEM = z.object({
  type: z.string().meta({ description: '`urn:sluice:problem:` and a word for the kind.' }),
  title: z.string(),
  status: z.number().int(),
  detail: z.string().meta({ description: 'What is wrong, where, and what to do.' }),
  instance: z.string().meta({ description: "The request's id, as in `x-request-id` and in the log." }),
  errors: z
    .array(z.object({ path: z.string(), message: z.string() }))
    .optional()
    .meta({ description: 'The fields concerned, as `body.name` or `query.limit`.' }),
});

/** Why a request is refused; each is said where it can happen. */
const REFUSALS: Readonly<Record<string, { readonly status: number; readonly description: string }>> = {
  WrongRequest: { status: 400, description: 'A field is wrong, unknown or missing.' },
  Unauthenticated: { status: 401, description: 'No admin has this key, or the session has ended.' },
  Forbidden: { status: 403, description: 'The role is not enough, or the API may not be asked from there.' },
  NotFound: { status: 404, description: 'There is no such thing, or it belongs to another tenant.' },
  Conflict: { status: 409, description: 'It stands against what is there, or is still under way.' },
  VersionMismatch: { status: 412, description: 'It has changed since it was read.' },
  TooLarge: { status: 413, description: 'The body is over one megabyte.' },
  NoJson: { status: 415, description: 'The body is not application/json.' },
  Unprocessable: { status: 422, description: 'The Idempotency-Key was used for another body.' },
  VersionRequired: { status: 428, description: 'If-Match is missing.' },
  TooManyAttempts: { status: 429, description: 'Too many wrong keys; Retry-After says how long to wait.' },
  Unavailable: {
    status: 503,
    description: 'The database does not answer; Retry-After says when to try again.',
  },
};

export function openapiOf(routes: readonly AdminRoute[]): Json {
  const schemas = new Schemas();
  schemas.put('Problem', PROBLEM);
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of [...routes].sort((one, other) => one.path.localeCompare(other.path, 'en')))
    paths[route.path] = {
      ...paths[route.path],
      [route.method.toLowerCase()]: operationOf(route, schemas),
    };
  return {
    openapi: OPENAPI_VERSION,
    info: {
      title: 'Sluice admin API',
      version: 'v1',
      description:
        'Everything that the configuration file can say and the database can hold. Names are `snake_case`, moments ISO 8601 ' +
        'text, money dollars as decimal text. Errors are `application/problem+json` (RFC 9457). Lists come in pages: `next` ' +
        'of one is the `cursor` of the following one.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/admin/v1' }],
    security: SECURITY,
    tags: [...new Set(routes.map(({ tag }) => tag))].sort().map((name) => ({ name })),
    paths,
    components: {
      schemas: schemas.all(),
      responses: Object.fromEntries(
        Object.entries(REFUSALS).map(([name, { description }]) => [name, refusal(description)]),
      ),
      parameters: PARAMETERS,
      headers: HEADERS,
      securitySchemes: {
        adminKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'The admin key (`SLUICE_ADMIN_KEY`), or the key of an admin. Client keys are none.',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-sluice_session',
          description:
            'Of `POST /session` (`sluice_session` over plain HTTP on one machine). Whatever is no GET also takes the header `x-csrf-token`.',
        },
      },
    },
  };
}

const refusal = (description: string): Json => ({
  description,
  headers: { 'x-request-id': { $ref: '#/components/headers/RequestId' } },
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

const PARAMETERS: Json = {
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    required: true,
    description: 'The ETag of what was read; `*` for whatever it is now.',
    schema: { type: 'string', examples: ['"3"'] },
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description: 'An ETag: the answer is 304 while it is the one in force.',
    schema: { type: 'string' },
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'Any text of your own. The same one with the same body within 24 hours creates nothing again and gives the same answer, but for what is shown once.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
};

const HEADERS: Json = {
  RequestId: { description: 'The id under which the log has it.', schema: { type: 'string' } },
  ETag: { description: 'The version of what is answered.', schema: { type: 'string' } },
};

const ROLE_NAMES: Readonly<Record<AdminRole, string>> = {
  owner: 'owner',
  operator: 'operator',
  viewer: 'viewer',
  'tenant-admin': 'tenant-admin (the own tenant)',
};

function operationOf(route: AdminRoute, schemas: Schemas): Json {
  const { id, summary, tag, roles, open } = route;
  const status = route.creates === true || route.id === 'signIn' ? '201' : '200';
  const parameters = [
    ...fieldsOf(route.params, 'path', schemas),
    ...fieldsOf(route.query, 'query', schemas),
    ...(route.edits === true ? [{ $ref: '#/components/parameters/IfMatch' }] : []),
    ...(route.creates === true ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
    ...(route.method === 'GET' && route.params !== undefined
      ? [{ $ref: '#/components/parameters/IfNoneMatch' }]
      : []),
  ];
  return {
    operationId: id,
    summary: summary.replace(/\.$/, ''),
    tags: [tag],
    description:
      open === true ? 'Open to everybody.' : `For: ${roles.map((role) => ROLE_NAMES[role]).join(', ')}.`,
    'x-sluice-roles': open === true ? [] : roles,
    ...(open === true ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemas.inlined(route.body, 'input', id) } },
          },
        }),
    responses: { ...successOf(route, status, schemas), ...refusalsOf(route) },
  };
}

function successOf(route: AdminRoute, status: string, schemas: Schemas): Json {
  const headers = {
    'x-request-id': { $ref: '#/components/headers/RequestId' },
    ...(route.edits === true ||
    route.creates === true ||
    (route.method === 'GET' && route.params !== undefined)
      ? { etag: { $ref: '#/components/headers/ETag' } }
      : {}),
  };
  if (route.answer !== undefined)
    return {
      [status]: {
        description: 'Done.',
        headers,
        content: {
          'application/json': { schema: schemas.inlined(route.answer, 'output', `${route.id}Answer`) },
        },
      },
    };
  const { media } = route;
  if (media !== undefined)
    return {
      200: {
        description: 'What was asked for.',
        headers,
        content: { [media]: { schema: { type: 'string' } } },
      },
    };
  return { 204: { description: 'Done.', headers } };
}

function refusalsOf({ params, body, edits, creates, open, id }: AdminRoute): Json {
  const names = [
    'WrongRequest',
    ...(open === true && id !== 'signIn' ? [] : ['Unauthenticated']),
    'Forbidden',
    ...(params === undefined ? [] : ['NotFound']),
    ...(body === undefined ? [] : ['Conflict', 'TooLarge', 'NoJson']),
    ...(body === undefined && (creates === true || edits === true) ? ['Conflict'] : []),
    ...(edits === true ? ['VersionMismatch', 'VersionRequired'] : []),
    ...(creates === true ? ['Unprocessable'] : []),
    'TooManyAttempts',
    'Unavailable',
  ];
  return Object.fromEntries(
    names.map((name) => [String(REFUSALS[name]?.status), { $ref: `#/components/responses/${name}` }]),
  );
}

function fieldsOf(object: z.ZodObject | undefined, place: 'path' | 'query', schemas: Schemas): Json[] {
  return Object.entries(object?.shape ?? {}).map(([name, field]) => {
    const { description, ...schema } = schemas.inlined(field as z.ZodType, 'input', name) as Json;
    return {
      name,
      in: place,
      required: place === 'path' || !(field as z.ZodType).safeParse(undefined).success,
      ...(description === undefined ? {} : { description }),
      schema,
    };
  });
}

/** Schemas that have a name of their own stand in the document once. */
class Schemas {
  readonly #named = new Map<string, Json>();

  put(name: string, schema: z.ZodType): void {
    this.#named.set(name, this.inlined(schema, 'output', name));
  }

  all(): Json {
    return Object.fromEntries([...this.#named].sort(([one], [other]) => one.localeCompare(other, 'en')));
  }

  /** `owner` tells apart what two routes name alike. */
  inlined(schema: z.ZodType, io: 'input' | 'output', owner: string): Json {
    const { $schema, $defs, ...json } = z.toJSONSchema(schema, {
      target: 'draft-2020-12',
      io,
      unrepresentable: 'any',
    }) as Json;
    const names = new Map<string, string>();
    for (const name of Object.keys(($defs as Json | undefined) ?? {}))
      names.set(name, this.#nameFor(name, $defs as Json, { owner, io }));
    for (const [name, definition] of Object.entries(($defs as Json | undefined) ?? {}))
      this.#named.set(names.get(name) ?? name, tidied(renamed(definition, names), io) as Json);
    return tidied(renamed(json, names), io) as Json;
  }

  #nameFor(
    name: string,
    definitions: Json,
    { owner, io }: { readonly owner: string; readonly io: 'input' | 'output' },
  ): string {
    const plain = /^[A-Z]\w*$/.test(name) ? name : `${owner}_${name}`;
    const known = this.#named.get(plain);
    const same =
      known === undefined ||
      JSON.stringify(known) === JSON.stringify(tidied(renamed(definitions[name], new Map()), io));
    return same ? plain : `${plain}_${owner}`;
  }
}

/** References within one schema become references into the document; ids are names, not addresses. */
function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((each) => renamed(each, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, each]) => !(key === 'id' && typeof each === 'string'))
      .map(([key, each]) => {
        const name =
          key === '$ref' && typeof each === 'string' ? /^#\/\$defs\/(.+)$/.exec(each)?.[1] : undefined;
        return name === undefined
          ? [key, renamed(each, names)]
          : [key, `#/components/schemas/${names.get(name) ?? name}`];
      }),
  );
}

/** Without bounds that only say what JavaScript can count; answers may get more fields in later versions. */
function tidied(value: unknown, io: 'input' | 'output'): unknown {
  if (Array.isArray(value)) return value.map((each) => tidied(each, io));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([key, each]) =>
          !((key === 'maximum' || key === 'minimum') && Math.abs(Number(each)) === Number.MAX_SAFE_INTEGER) &&
          !(io === 'output' && key === 'additionalProperties' && each === false),
      )
      .map(([key, each]) => [key, tidied(each, io)]),
  );
}

/** `routes`: all others. */
export const openapiRoute = (routes: readonly AdminRoute[]): AdminRoute => {
  // Whoever asks, and everybody may: it is written once.
  let text: string | undefined;
  const route: AdminRoute = adminRoute({
    method: 'GET',
    path: '/openapi.json',
    id: 'getOpenapi',
    summary: 'This document',
    tag: 'About',
    roles: ['owner', 'operator', 'viewer', 'tenant-admin'],
    open: true,
    answer: z.record(z.string(), z.unknown()),
    handle() {
      text ??= JSON.stringify(openapiOf([...routes, route]));
      return { text: { contentType: 'application/json; charset=utf-8', body: text } };
    },
  });
  return route;
};
