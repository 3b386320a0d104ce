/**
 * Gemini's addresses say which model is asked and whether for a stream; its bodies do not. At the door both are put in
 * front of the client's own bytes, so that whoever reads a body finds them there; on the way out they are taken away again,
 * and the client's bytes are as they were.
 */

import { asBuffer } from '../../base/fetch.ts';
import { type JsonEdit, splice, topLevelFields } from '../../base/json.ts';
import { Failure } from '../../domain/failure.ts';
import { TWICE } from '../openai-chat/request.ts';

export type Aim = { readonly model: string; readonly stream: boolean };

/** Ids may hold slashes and colons: what is asked stands behind the last of these. */
const TARGET = /\/models\/([^?]+):(\w+)(?:\?|$)/;

/** Throws `invalid_request` where the address names no model, or names it with a broken escape. */
export function aimOf(target: string): Aim {
  const [, model, action] = TARGET.exec(target) ?? [];
  if (model === undefined)
    throw new Failure('invalid_request', {
      message: 'The address: expected …/models/{model}:generateContent or …:streamGenerateContent.',
    });
  return { model: unescapedModel(model), stream: action === 'streamGenerateContent' };
}

/** Throws `invalid_request`. */
export function unescapedModel(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Failure('invalid_request', { message: 'The address: the name of the model is badly escaped.' });
  }
}

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const COMMA = 0x2c;
const isSpace = (byte: number | undefined): boolean => byte !== undefined && byte <= 0x20;

function past(bytes: Buffer, from: number): number {
  let i = from;
  while (isSpace(bytes[i])) i++;
  return i;
}

const OWN = ['model', 'stream'] as const;

/** The address wins: a model that the body names, too, is not kept beside it. What is no object is left to its reader. */
export function enter(body: Uint8Array, target: string): Buffer {
  const { model, stream } = aimOf(target);
  const bytes = without(asBuffer(body), OWN);
  const start = past(bytes, 0);
  if (bytes[start] !== OPEN_BRACE) return bytes;
  const isEmpty = bytes[past(bytes, start + 1)] === CLOSE_BRACE;
  const front = `"model":${JSON.stringify(model)},"stream":${stream}${isEmpty ? '' : ','}`;
  return splice(bytes, [{ start: start + 1, end: start + 1, text: front }]);
}

/** Throws `invalid_request` where a field stands twice. */
export function leave(body: Uint8Array): Uint8Array {
  const bytes = asBuffer(body);
  const end = frontEnd(bytes);
  if (end > 0) return Buffer.concat([bytes.subarray(0, past(bytes, 0) + 1), bytes.subarray(end)]);
  if (topLevelFields(bytes) === undefined) throw new Failure('invalid_request', { message: TWICE });
  return without(bytes, OWN);
}

const FRONT = /^\s*\{"model":"(?:[^"\\]|\\.)*","stream":(?:true|false)(,?)/;
const LONGEST_FRONT_BYTES = 1_024;

/** Behind what `enter` put there; -1 where it is not found at once. */
function frontEnd(bytes: Buffer): number {
  const front = FRONT.exec(bytes.toString('latin1', 0, LONGEST_FRONT_BYTES));
  if (front === null) return -1;
  const end = front[0].length;
  return front[1] === ',' || bytes[past(bytes, end)] === CLOSE_BRACE ? end : -1;
}

/** Everything but these fields, byte for byte; unchanged where the object cannot be read, or a field stands twice. */
function without(bytes: Buffer, names: readonly string[]): Buffer {
  if (!names.some((name) => bytes.includes(`"${name}"`))) return bytes;
  const fields = topLevelFields(bytes);
  if (fields === undefined || !names.some((name) => fields.has(name))) return bytes;
  const edits: JsonEdit[] = [];
  let start = past(bytes, 0) + 1;
  let keeps = false;
  for (const [name, span] of fields) {
    let { end } = span;
    if (!names.includes(name)) keeps = true;
    else {
      // Of the first field the comma behind it goes with it, of others the one before.
      const comma = past(bytes, end);
      if (!keeps && bytes[comma] === COMMA) end = comma + 1;
      edits.push({ start, end, text: '' });
    }
    start = end;
  }
  return splice(bytes, edits);
}

/** In an address. Names with slashes keep them, as those of Vertex do. */
export const escapedModel = (model: string): string =>
  model
    .replace(/^models\//, '')
    .split('/')
    .map(encodeURIComponent)
    .join('/');

/** `url` is where the models are. */
export function addressFor(url: string, { model, stream }: Aim): string {
  return `${url}/${escapedModel(model)}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`;
}
