/** OpenAI's old completions: passed on where a provider still has them, else answered from a chat. */

import { writeSseComment, writeSseEvent } from '../../base/sse.ts';
import type { Heard } from '../dialect.ts';
import { forwardRequest } from '../openai-chat/forward-request.ts';
import { forwardReply } from '../openai-chat/reply.ts';
import { forward } from '../openai-chat/stream.ts';
import { writeErrorBody } from '../openai-chat/wire.ts';
import { glanceReply, readReply, writeReply } from './reply.ts';
import { readCrossing, readHead, readRequest } from './request.ts';
import { CompletionsStreamReader, CompletionsStreamWriter } from './stream.ts';

export const openaiCompletions: Heard = {
  id: 'openai-completions',
  task: 'completions',
  path: '/completions',
  readHead,
  readRequest,
  readCrossing,
  forwardRequest,
  readReply,
  glanceReply,
  writeReply,
  streamReader: () => new CompletionsStreamReader(),
  streamWriter: (head, options) => new CompletionsStreamWriter(head, options),
  forward,
  forwardReply,
  writeFailure: (failure, requestId) => ({
    status: failure.status,
    body: Buffer.from(failure.options.clientBody ?? writeErrorBody(failure, requestId)),
  }),
  writeStreamFailure: (failure, requestId) => writeSseEvent(writeErrorBody(failure, requestId)),
  heartbeat: writeSseComment,
};
