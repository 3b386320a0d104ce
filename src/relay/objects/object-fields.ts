/**
 * Which strings of a JSON body are ids of objects: by the name under which they stand, for providers add fields faster
 * than anybody lists them. On the way out ids are signed, on the way in they are opened; what a client keeps for itself
 * (metadata) and what a model reads or writes (texts) is left alone.
 */

import { asBuffer } from '../../base/fetch.ts';
import { type JsonEdit, splice } from '../../base/json.ts';
import { type Bracket, type Skip, visitStrings } from '../../base/json-strings.ts';

/** The client's own keys and values. */
const FREE: ReadonlySet<string> = new Set([
  'metadata',
  'attributes',
  'arguments',
  'json_schema',
  'item_schema',
]);

/** Names of ids that do not say so. */
const NAMED_IDS: ReadonlySet<string> = new Set([
  'id',
  'training_file',
  'validation_file',
  'result_files',
  'input_file',
  'input_files',
  'output_file',
  'error_file',
  'conversation',
  'container',
  'video',
]);

/** Names that sound like ids of objects and are none: of the client, of the provider's bookkeeping, inside an answer. */
const OTHER_IDS: ReadonlySet<string> = new Set([
  'custom_id',
  'call_id',
  'tool_call_id',
  'tool_use_id',
  'request_id',
  'model_id',
  'user_id',
  'account_id',
  'organization_id',
  'org_id',
  'workspace_id',
  'project_id',
  'client_id',
  'app_id',
  'trace_id',
  'provider_id',
]);

/** What people and models say: an id in it is a word. */
const TEXTS: ReadonlySet<string> = new Set(['content', 'text', 'input', 'output', 'prompt', 'instructions']);

/** `fileid://file-a,fileid://file-b` in a text: https://help.aliyun.com/zh/model-studio/long-context-qwen-long */
const FILE_LINK = /fileid:\/\/([\w.:~-]+)/g;

export const isIdField = (name: string): boolean =>
  NAMED_IDS.has(name) || (/_ids?$/.test(name) && !OTHER_IDS.has(name));

/**
 * What is left alone: the client's own, and what a tool was given or has said, in the words of Anthropic (`input` in a
 * content) and of Gemini (`args`, `response`).
 */
const isFree: Skip = (name, path, opens) => {
  if (FREE.has(name)) return true;
  const inside = path.at(-1);
  // What stands in a list has the name of the list.
  if (opens !== 'object' || inside === undefined || inside.isList) return false;
  if (name === 'input') return inside.name === 'content';
  return (
    (name === 'args' && /^function_?call$/i.test(inside.name)) ||
    (name === 'response' && /^function_?response$/i.test(inside.name))
  );
};

/**
 * Inside a call for a model, where ids of many other things stand: those that make the provider read an object. Not those
 * with which an answer told what it had read or made, when it is said again.
 */
export function isObjectReference(name: string, path: readonly Bracket[]): boolean {
  if (/^(?:file|vector_store)_ids?$/.test(name)) return !path.some(isTold);
  const inside = path.at(-1)?.name ?? '';
  switch (name) {
    case 'conversation':
      return path.length === 1;
    case 'container':
      return path.length === 1 || inside === 'tools';
    case 'container_id':
      return inside === 'environment';
    case 'id':
      return path.length === 2 && (inside === 'conversation' || inside === 'container');
    default:
      return false;
  }
}

/**
 * Citations and hits of a search, and what Anthropic's own tools have answered: in a content of what a client may say,
 * none is a bare object.
 * Sources: https://platform.openai.com/docs/api-reference/responses/object ,
 * https://docs.claude.com/en/docs/agents-and-tools/tool-use/code-execution-tool
 */
const isTold = ({ name, isList }: Bracket, i: number, path: readonly Bracket[]): boolean =>
  isList
    ? name === 'annotations' || name === 'results'
    : name === 'content' && path[i - 1]?.name === 'content' && path[i - 1]?.isList === false;

/** The answer with its ids signed; as it is where it is no JSON. `addressOf`: what becomes of a provider's URL. */
export function withSignedIds(
  body: Uint8Array,
  sign: (id: string) => string,
  addressOf: (url: string) => string = (url) => url,
): Buffer {
  const bytes = asBuffer(body);
  const edits: JsonEdit[] = [];
  const isJson = visitStrings(bytes, isFree, ({ key, text, start, end }) => {
    const told = isIdField(key) ? sign(text) : key.endsWith('_url') ? addressOf(text) : text;
    if (told !== text) edits.push({ start, end, text: JSON.stringify(told) });
  });
  return isJson && edits.length > 0 ? splice(bytes, edits) : bytes;
}

/** What becomes of an id in a request. Each throws where the id is not to be used. */
export type Opening = {
  /** Of a string that has the form of a signed id, or undefined where it has another form. */
  signed(text: string): string | undefined;
  /** A string without that form in a field of ids. */
  raw(text: string, field: string, path: readonly Bracket[]): void;
};

/** The request with its ids as the provider knows them; undefined where it is no JSON. */
export function withOpenedIds(body: Uint8Array, ids: Opening): Buffer | undefined {
  const bytes = asBuffer(body);
  const edits: JsonEdit[] = [];
  const isJson = visitStrings(bytes, isFree, ({ key, text, start, end, path }) => {
    if (text === '') return;
    const opened = TEXTS.has(key) ? undefined : ids.signed(text);
    if (opened !== undefined) edits.push({ start, end, text: JSON.stringify(opened) });
    else if (isIdField(key)) ids.raw(text, key, path);
    else if (text.startsWith('fileid://')) {
      const linked = text.replace(FILE_LINK, (_link, id: string) => {
        const own = ids.signed(id);
        if (own === undefined) ids.raw(id, 'file_id', []);
        return `fileid://${own ?? id}`;
      });
      if (linked !== text) edits.push({ start, end, text: JSON.stringify(linked) });
    }
  });
  if (!isJson) return undefined;
  return edits.length === 0 ? bytes : splice(bytes, edits);
}
