/** `docs/admin-api.md`: the routes of the admin API for people, printed from the same document that programs get. */

import { isJsonObject, type JsonObject } from '../../base/json.ts';
import { openapiOf } from './openapi.ts';
import type { AdminRoute } from './route.ts';

const HEAD = `# The admin API

Printed from the code: change the routes in \`src/http/admin/\`, then \`npm run print\`. The running relay tells the same as
OpenAPI 3.1 at \`/admin/v1/openapi.json\`, with every field of every answer.

All paths are below \`/admin/v1\`. Who asks says so with \`Authorization: Bearer <admin key>\`: \`SLUICE_ADMIN_KEY\`, the
configuration's \`admin.key\`, the one that was made in \`<data_dir>/admin-key\` where Sluice listens on this machine alone, or
the key of an admin (\`sluice admins create\`). A dashboard signs in at \`POST /session\` and then sends the cookie, and with
whatever is no GET also the \`csrf\` of that answer, as the header \`x-csrf-token\`. Client keys open nothing here, and admin
keys nothing else.

- Names are \`snake_case\`, moments ISO 8601 text, money dollars as decimal text (\`"12.5"\`).
- Lists come in pages of \`limit\` rows (1-500); \`next\` of one page is the \`cursor\` of the following one.
- An answer about one thing has an \`ETag\`. A change marked **E** wants it back as \`If-Match\` (428 without it, 412 when
  somebody else was quicker); \`*\` means whatever it is now.
- A creation marked **C** understands \`Idempotency-Key\`: the same one with the same body within 24 hours creates nothing
  again and answers the same, but for what is shown once.
- What goes wrong is \`application/problem+json\` (RFC 9457): \`type\`, \`title\`, \`status\`, \`detail\`, \`instance\` (the id in
  the log) and, for wrong fields, \`errors\` with their paths.
- A tenant-admin sees and changes the own tenant alone: everything else is not there (404).
`;

/** Said once, at the beginning. */
const OF_PAGES = new Set(['limit', 'cursor']);

export function adminApiMarkdown(routes: readonly AdminRoute[]): string {
  const document = openapiOf(routes);
  const tags = [...new Set(routes.map(({ tag }) => tag))].sort();
  const parts = tags.map((tag) => {
    const own = routes.filter((route) => route.tag === tag);
    return [`## ${tag}`, '', ...own.flatMap((route) => routeLines(route, document)), ''].join('\n');
  });
  return [HEAD, ...parts].join('\n').trimEnd().concat('\n');
}

function routeLines(route: AdminRoute, document: JsonObject): string[] {
  const operation = at(document, 'paths', route.path, route.method.toLowerCase());
  const marks = `${route.edits === true ? ' **E**' : ''}${route.creates === true ? ' **C**' : ''}`;
  const who = route.open === true ? 'open to everybody' : route.roles.join(', ');
  const parameters = Array.isArray(operation['parameters'])
    ? operation['parameters'].filter(isJsonObject)
    : [];
  const query = parameters.filter((each) => each['in'] === 'query' && !OF_PAGES.has(String(each['name'])));
  const body = resolved(at(operation, 'requestBody', 'content', 'application/json', 'schema'), document);
  return [
    `**\`${route.method} ${route.path}\`**${marks} — ${String(operation['summary'])}. *${who}*`,
    '',
    ...query.map((field) => fieldLine(String(field['name']), at(field, 'schema'), { ...field, document })),
    ...fieldsIn(body, document),
    ...(query.length > 0 || fieldsIn(body, document).length > 0 ? [''] : []),
  ];
}

function fieldsIn(body: JsonObject, document: JsonObject): string[] {
  const required = Array.isArray(body['required']) ? body['required'] : [];
  return Object.entries(at(body, 'properties')).map(([name, schema]) =>
    fieldLine(name, resolved(isJsonObject(schema) ? schema : {}, document), {
      required: required.includes(name),
      document,
    }),
  );
}

function fieldLine(
  name: string,
  schema: JsonObject,
  { required, description, document }: { readonly [key: string]: unknown; readonly document: JsonObject },
): string {
  const said = String(description ?? schema['description'] ?? '');
  const kind = kindOf(schema, document);
  return `- \`${name}\`: ${kind}${required === true ? ', required' : ''}${said === '' ? '' : `. ${said}`}`;
}

function kindOf(schema: JsonObject, document: JsonObject): string {
  const { type, enum: words, anyOf, format, items } = resolved(schema, document);
  if (Array.isArray(words)) return words.map((word) => `\`${String(word)}\``).join(' or ');
  if (Array.isArray(anyOf)) {
    const kinds = anyOf.filter(isJsonObject).map((each) => kindOf(each, document));
    return [...new Set(kinds)].join(' or ');
  }
  if (type === 'array') return `list of ${kindOf(isJsonObject(items) ? items : {}, document)}`;
  if (format === 'date-time') return 'moment';
  if (typeof type === 'string') return type;
  return Array.isArray(type) ? type.join(' or ') : 'any value';
}

function resolved(schema: JsonObject, document: JsonObject): JsonObject {
  const { $ref } = schema;
  return typeof $ref === 'string' ? at(document, ...$ref.replace('#/', '').split('/')) : schema;
}

/** An empty object where there is none. */
function at(value: unknown, ...steps: readonly string[]): JsonObject {
  let found = value;
  for (const step of steps) found = isJsonObject(found) ? found[step] : undefined;
  return isJsonObject(found) ? found : {};
}
