/**
 * `POST …/messages/count_tokens`: what a request would weigh. Answered here from our own estimate, corrected by what the
 * model's provider has counted so far: clients ask it in bursts, and it must cost nobody a request, a token or a turn in
 * line. Checked like the message that it stands for.
 */

import type { FastifyInstance } from 'fastify';
import { anthropicMessages } from '../dialects/anthropic-messages/anthropic-messages.ts';
import { ownName } from './asked-call.ts';
import { countedTokens, sentBody } from './counted.ts';
import { keyOf } from './door.ts';
import type { Front } from './front.ts';

export function addCountTokens(server: FastifyInstance, front: Front, prefix: string): void {
  server.post(`${prefix}${anthropicMessages.path}/count_tokens`, async (request) => {
    const key = keyOf(front, request.raw, anthropicMessages.id);
    const body = await sentBody(front, request);
    const told = anthropicMessages.readHead(body);
    const model = ownName(front, told.model);
    front.access().allow(key, model);
    const tokens = countedTokens(front, { key, model, asked: told.model, body });
    return { input_tokens: tokens + REMOTE_TOKENS * remoteMedia(body) };
  });
}

/**
 * A picture of the usual largest size, 1092 x 1092 pixels, is about 1590 tokens, and most are smaller:
 * https://docs.claude.com/en/docs/build-with-claude/vision
 */
const REMOTE_TOKENS = 1_000;

const REMOTE = /"source"\s*:\s*\{\s*"type"\s*:\s*"(?:url|file)"/g;

/** Pictures and documents that the body only points to; those inside it are in the estimate. */
const remoteMedia = (body: Buffer): number => body.toString('latin1').match(REMOTE)?.length ?? 0;
