/** The official `openai` package when a provider dies under it: a stream that died raises, one that moved succeeds. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import OpenAI from 'openai';
import { caught, chatOf, startRelay, type TestRelay } from './relay.ts';
import { chunkOf, FINISH, type StubUpstream, startStub, streamOf } from './stub-upstream.ts';

/** Answers whole, or dies after these pieces: by closing, or by cutting the socket. */
type Death = { readonly pieces: readonly string[]; readonly cut: boolean };

describe('a provider that dies under the openai package', () => {
  let dying: StubUpstream;
  let well: StubUpstream;
  let relay: TestRelay;
  let death: Death = { pieces: [], cut: true };
  const ask = { ...chatOf('hello'), model: 'm', stream: true as const };

  before(async () => {
    dying = await startStub(async (_received, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      for (const piece of death.pieces) response.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 30));
      if (death.cut) response.socket?.destroy();
      else response.end();
    });
    well = await startStub((_received, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(streamOf(chunkOf({ content: 'Hello' }), chunkOf({ content: ' there' }), FINISH, '[DONE]'));
    });
    relay = await startRelay(`
accounts:
  - { id: dying, tier: 0, provider: openai-compatible, base_url: "${dying.url}", secrets: [s], models: [m] }
  - { id: well, tier: 1, provider: openai-compatible, base_url: "${well.url}", secrets: [s], models: [m] }
models: { m: { affinity: false } }
`);
  });
  after(async () => {
    await relay.close();
    await dying.close();
    await well.close();
  });

  const heard = async (): Promise<string> => {
    let text = '';
    const client = relay.openai({ maxRetries: 0 });
    for await (const chunk of await client.chat.completions.create(ask))
      text += chunk.choices[0]?.delta.content ?? '';
    return text;
  };

  for (const cut of [true, false]) {
    const how = cut ? 'by a cut' : 'by closing';
    it(`after its text has begun (${how}) is an error to catch, with what came before it`, async () => {
      death = {
        pieces: [streamOf(chunkOf({ content: 'Once' })), streamOf(chunkOf({ content: ' upon' }))],
        cut,
      };
      let text = '';
      const error = await caught(
        (async () => {
          const client = relay.openai({ maxRetries: 0 });
          for await (const chunk of await client.chat.completions.create(ask))
            text += chunk.choices[0]?.delta.content ?? '';
        })(),
      );
      assert.ok(error instanceof OpenAI.APIError, String(error));
      assert.match(error.message, /broke off/);
      assert.equal(text, 'Once upon');
      relay.app.front.switchOn('channel dying/m');
    });

    it(`before any text (${how}) is not noticed: the other account answers`, async () => {
      for (const pieces of [[], [': hello\n\n'], [streamOf(chunkOf({ role: 'assistant', content: '' }))]]) {
        death = { pieces, cut };
        assert.equal(await heard(), 'Hello there', JSON.stringify(pieces));
        relay.app.front.switchOn('channel dying/m');
      }
    });
  }
});
