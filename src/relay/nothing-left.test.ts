import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChatDialectId } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import { providerOf } from '../providers/index.ts';
import type { Provider } from '../providers/provider.ts';
import { askedAt, callOf } from '../testing/asked-at.ts';

describe('a turn of which nothing can be said to the provider', () => {
  const video = { type: 'video', source: {} };
  const refusalOf = (dialect: ChatDialectId, fields: object, provider: string): string => {
    try {
      askedAt(provider, callOf(dialect, fields));
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
    const { json, dropped } = askedAt('groq', callOf('anthropic-messages', { messages }));
    assert.deepEqual(
      json.messages.map(({ role }: { role: string }) => role),
      ['assistant', 'user'],
    );
    assert.deepEqual(dropped, ['video']);
  });

  it('is refused where its provider would have nothing to answer, and says why', () => {
    const refusal = (at: string | Provider, content: unknown) => {
      try {
        askedAt(at, callOf('openai-chat', { messages: [{ role: 'user', content }] }));
      } catch (error) {
        return error instanceof Failure && error.kind === 'invalid_request' ? error.message : error;
      }
      return 'none';
    };
    const base = providerOf('openai-compatible') ?? assert.fail();
    const responses = { ...base, speaks: { 'openai-responses': '/responses' } };
    const sound = [{ type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } }];
    const why = 'messages: the provider of this model is left with nothing to answer: ';
    const end = '. Say it in words, or ask another model.';
    assert.equal(refusal('anthropic', sound), `${why}it has no place for input_audio${end}`);
    assert.equal(refusal(responses, sound), `${why}it has no place for input_audio${end}`);
    assert.equal(refusal('anthropic', ' '), `${why}every turn is empty${end}`);
  });
});
