/** OpenAI's Responses: the dialect of Codex and of the newer agent kits. */

import { writeSseComment } from '../../base/sse.ts';
import type { Dialect } from '../dialect.ts';
import { writeFailure } from '../openai-chat/failures.ts';
import { forwardReply } from '../openai-chat/reply.ts';
import { withModel } from '../splice-request.ts';
import { ResponsesAssembler } from './assembler.ts';
import { fitCrossing } from './crossing-in.ts';
import { readCrossing } from './crossing-out.ts';
import { writeStreamFailure } from './failure.ts';
import { forwardAsStream } from './forward-request.ts';
import { glanceReply, readReply, writeReply } from './reply.ts';
import { readHead, readRequest, writeRequest } from './request.ts';
import { forward, ResponsesStreamReader } from './stream-reader.ts';
import { ResponsesStreamWriter } from './stream-writer.ts';

export const openaiResponses: Dialect = {
  id: 'openai-responses',
  path: '/responses',
  readHead,
  readRequest,
  writeRequest,
  readCrossing,
  fitCrossing,
  forwardRequest: withModel,
  forwardAsStream,
  readReply,
  glanceReply,
  writeReply,
  streamReader: () => new ResponsesStreamReader(),
  assembler: () => new ResponsesAssembler(),
  streamWriter: (head, options) => new ResponsesStreamWriter(head, options),
  forward,
  forwardReply,
  writeFailure,
  writeStreamFailure,
  heartbeat: writeSseComment,
};
