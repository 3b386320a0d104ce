/** What becomes of a call of which its provider could be told nothing. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Departure } from '../base/departure.ts';
import { dialectOf } from '../dialects/index.ts';
import type { ChatDialectId } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import { providerOf } from '../providers/index.ts';
import { createSeals } from '../state/seals.ts';
import { createShelf } from '../state/shelf.ts';
import { outgoingOf } from './outgoing.ts';

const SHELF = createShelf({ now: () => 0, settings: () => ({ maxBytes: 1_000_000, ttlMs: 1_000 }) });

function askedAt(name: string, dialect: ChatDialectId, fields: object) {
  const body = Buffer.from(JSON.stringify({ model: 'asked', max_tokens: 50, ...fields }));
  const provider = providerOf(name) ?? assert.fail(name);
  const account = { id: 'a', provider: name, baseUrl: provider.baseUrl() ?? '', secrets: [] };
  const outgoing = outgoingOf(
    {
      ...{ id: 'req_1', dialect, body, headers: {}, arrivedAtMs: 0, departure: new Departure() },
      head: dialectOf(dialect).readHead(body),
      key: { id: 'k', limits: {}, onLimit: 'queue', priority: 'normal', weight: 1, fallback: true },
      options: { onLimit: 'queue', priority: 'normal', fallback: true },
    },
    {
      provider,
      channel: { id: 'a/up', account, upstreamModel: 'up', limits: {}, tier: 0, weight: 1 },
      ...{ shelf: SHELF, seals: createSeals(), sealedBy: undefined },
    },
  );
  return { ...outgoing, json: JSON.parse(Buffer.from(outgoing.body).toString()) };
}

describe('a turn of which nothing can be said to the provider', () => {
  const video = { type: 'video', source: {} };
  const refusalOf = (dialect: ChatDialectId, fields: object, provider: string): string => {
    try {
      askedAt(provider, dialect, fields);
    } catch (error) {
      return error instanceof Failure
        ? `${error.kind} ${error.options.param} ${error.message}`
        : String(error);
    }
    return 'sent';
  };

  it('is refused in words of the client instead of answered', () => {
    const asked = { messages: [{ role: 'user', content: [video] }] };
    const told = refusalOf('anthropic-messages', asked, 'groq');
    assert.match(
      told,
      /^invalid_request messages messages: the provider .* nothing to answer: it has no place for video/,
    );
    assert.match(refusalOf('anthropic-messages', asked, 'gemini'), /^invalid_request messages /);
    const contents = { contents: [{ role: 'user', parts: [{ nothing: 1 }] }], messages: undefined };
    assert.match(refusalOf('gemini', contents, 'groq'), /^invalid_request contents contents: the provider/);
  });

  it('is refused at the end of a conversation, too', () => {
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Yes?' },
      { role: 'user', content: [video] },
    ];
    for (const provider of ['groq', 'gemini', 'openai'])
      assert.match(refusalOf('anthropic-messages', { messages }, provider), /no place for video/, provider);
    const contents = [
      { role: 'user', parts: [{ text: 'Hi' }] },
      { role: 'model', parts: [{ text: 'Yes?' }] },
      { role: 'user', parts: [{ nothing: 1 }] },
    ];
    assert.match(refusalOf('gemini', { contents, messages: undefined }, 'groq'), /no place for .*nothing/);
    const input = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Yes?' },
      { role: 'user', content: [{ type: 'input_video' }] },
    ];
    assert.match(refusalOf('openai-responses', { input, messages: undefined }, 'groq'), /no place for/);
  });

  it('is left out where it is not the last', () => {
    const messages = [
      { role: 'user', content: [video] },
      { role: 'assistant', content: 'What is it?' },
      { role: 'user', content: 'A film.' },
    ];
    const { json, dropped } = askedAt('groq', 'anthropic-messages', { messages });
    assert.deepEqual(
      json.messages.map(({ role }: { role: string }) => role),
      ['assistant', 'user'],
    );
    assert.deepEqual(dropped, ['video']);
  });
});
