/** Anthropic's messages: the dialect of Claude Code and its SDKs, which several other providers speak, too. */

import { writeSseEvent } from '../../base/sse.ts';
import type { Dialect } from '../dialect.ts';
import { forwardReply } from '../openai-chat/reply.ts';
import { asStream, withModel } from '../splice-request.ts';
import { AnthropicAssembler } from './assembler.ts';
import { fitCrossing } from './crossing-in.ts';
import { readCrossing } from './crossing-out.ts';
import { writeFailure, writeStreamFailure } from './failures.ts';
import { forward } from './forward.ts';
import { glanceReply, readReply, writeReply } from './reply.ts';
import { readHead, readRequest, writeRequest } from './request.ts';
import { AnthropicStreamReader } from './stream-reader.ts';
import { AnthropicStreamWriter } from './stream-writer.ts';

const PING = writeSseEvent('{"type": "ping"}', 'ping').toString();

export const anthropicMessages: Dialect = {
  id: 'anthropic-messages',
  path: '/messages',
  readHead,
  readRequest,
  writeRequest,
  readCrossing,
  fitCrossing,
  forwardRequest: withModel,
  forwardAsStream: asStream,
  readReply,
  glanceReply,
  writeReply,
  streamReader: () => new AnthropicStreamReader(),
  assembler: () => new AnthropicAssembler(),
  streamWriter: (head, options) => new AnthropicStreamWriter(head, options),
  forward,
  forwardReply,
  terminal: writeSseEvent('{"type":"message_stop"}', 'message_stop'),
  writeFailure,
  writeStreamFailure,
  // The words are for people who look at the wire; a comment in front of an event is no part of it.
  heartbeat: (text) => Buffer.from(`: ${text.replace(/[\r\n]+/g, ' ')}\n${PING}`),
};
