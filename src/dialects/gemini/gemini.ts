/** Google's Gemini: the dialect of its command line and SDKs, in which the address says which model is asked. */

import { topLevelFields } from '../../base/json.ts';
import type { Chunk, Dialect, ForwardOptions } from '../dialect.ts';
import { renameFrame } from '../sse-chunks.ts';
import { addressFor, enter, leave } from './address.ts';
import { GeminiAssembler } from './assembler.ts';
import { fitCrossing } from './crossing-in.ts';
import { readCrossing } from './crossing-out.ts';
import { writeFailure, writeStreamFailure } from './failures.ts';
import { forwardReply, glanceReply, readReply, writeReply } from './reply.ts';
import { readHead, readRequest, writeRequest } from './request.ts';
import { GeminiStreamReader } from './stream-reader.ts';
import { GeminiStreamWriter } from './stream-writer.ts';

/**
 * Blank lines and nothing else. Google's command line takes an event for one only if `data:` comes first but for white
 * space (`/^\s*data: …/` in `@google/genai` 1.x): any comment would hide the rest of the stream from it. An event of our own
 * would reach the caller of every SDK as a piece of an answer without candidates. Two line feeds, since Google's Go SDK cuts
 * at blank lines and takes what begins with a single one for no event. White space is also allowed inside of a list.
 */
const HEARTBEAT = Buffer.from('\n\n');

export const gemini: Dialect = {
  id: 'gemini',
  path: '/models',
  enter,
  address: addressFor,
  readHead,
  readRequest,
  writeRequest,
  readCrossing,
  fitCrossing,
  forwardRequest: leave,
  forwardAsStream,
  readReply,
  glanceReply,
  writeReply,
  streamReader: () => new GeminiStreamReader(),
  assembler: () => new GeminiAssembler(),
  streamWriter: (head, options) => new GeminiStreamWriter(head, options),
  forward,
  forwardReply,
  writeFailure,
  writeStreamFailure,
  heartbeat: () => HEARTBEAT,
};

/** The address makes it one. */
function forwardAsStream(body: Uint8Array): Uint8Array | undefined {
  try {
    return leave(body);
  } catch {
    return undefined;
  }
}

function forward(chunk: Chunk, { model }: ForwardOptions): Buffer {
  if (chunk.model === undefined || chunk.model === model) return chunk.frame;
  return renameFrame(chunk.frame, model, (bytes, object) =>
    topLevelFields(bytes, object)?.get('modelVersion'),
  );
}
