/** OpenAI's chat completions: the dialect that nearly every client and provider speaks. */

import { writeSseComment } from '../../base/sse.ts';
import type { Dialect } from '../dialect.ts';
import { OpenAIChatAssembler } from './assembler.ts';
import { readCrossing } from './crossing-out.ts';
import { writeFailure, writeStreamFailure } from './failures.ts';
import { forwardAsStream, forwardRequest } from './forward-request.ts';
import { forwardReply, glanceReply, readReply, writeReply } from './reply.ts';
import { readHead, readRequest, writeRequest } from './request.ts';
import { forward, OpenAIChatStreamReader, OpenAIChatStreamWriter } from './stream.ts';

export const openaiChat: Dialect = {
  id: 'openai-chat',
  path: '/chat/completions',
  readHead,
  readRequest,
  writeRequest,
  readCrossing,
  forwardRequest,
  forwardAsStream,
  readReply,
  glanceReply,
  writeReply,
  streamReader: () => new OpenAIChatStreamReader(),
  assembler: () => new OpenAIChatAssembler(),
  streamWriter: (head, options) => new OpenAIChatStreamWriter(head, options),
  forward,
  forwardReply,
  writeFailure,
  writeStreamFailure,
  heartbeat: writeSseComment,
};
