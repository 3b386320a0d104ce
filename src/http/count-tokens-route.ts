/**
 * `POST …/messages/count_tokens`: what a request would weigh. Answered here from our own estimate, corrected by what the
 * model's provider has counted so far: clients ask it in bursts, and it must cost nobody a request, a token or a turn in
 * line. Checked like the message that it stands for.
 */

import type { FastifyInstance } from 'fastify';
import { asBuffer } from '../base/fetch.ts';
import { anthropicMessages } from '../dialects/anthropic-messages/anthropic-messages.ts';
import { Failure } from '../domain/failure.ts';
import type { Front } from './front.ts';

export function addCountTokens(server: FastifyInstance, front: Front, prefix: string): void {
  server.post(`${prefix}${anthropicMessages.path}/count_tokens`, (request) => {
    const key = front.access().authenticate(request.headers);
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity')
      throw new Failure('invalid_request', {
        message: `content-encoding '${encoding}' is not understood here: send the body uncompressed.`,
        status: 415,
      });
    const body = asBuffer((request.body as Uint8Array | undefined) ?? Buffer.alloc(0));
    const { model: name } = anthropicMessages.readHead(body);
    front.access().allow(key, name);
    const tokens = front.countTokens(name, { key: key.id, body });
    if (tokens === undefined)
      throw new Failure('model_not_found', {
        message: `The model '${name}' does not exist here. GET /v1/models lists those that do.`,
        param: 'model',
      });
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
