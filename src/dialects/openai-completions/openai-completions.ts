/** OpenAI's old completions: passed on where a provider still has them, else answered from a chat. */

import { writeSseComment } from '../../base/sse.ts';
import type { Heard } from '../dialect.ts';
import { writeFailure, writeStreamFailure } from '../openai-chat/failures.ts';
import { forwardRequest } from '../openai-chat/forward-request.ts';
import { forwardReply } from '../openai-chat/reply.ts';
import { forward } from '../openai-chat/stream.ts';
import { glanceReply, readReply, writeReply } from './reply.ts';
import { readCrossing, readHead, readRequest } from './request.ts';
import { CompletionsStreamWriter, completionsStreamReader } from './stream.ts';

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
  streamReader: completionsStreamReader,
  streamWriter: (head, options) => new CompletionsStreamWriter(head, options),
  forward,
  forwardReply,
  writeFailure,
  writeStreamFailure,
  heartbeat: writeSseComment,
};
