import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { after, before, beforeEach, describe, it } from 'node:test';
import type OpenAI from 'openai';
import { toFile } from 'openai';
import { caught, errorOf, KEY, startRelay, type TestRelay, until } from './relay.ts';
import { type Answerer, type StubUpstream, startStub } from './stub-upstream.ts';

const SOUND = Buffer.alloc(200_000, 'RIFF\r\n--');

const spooled = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('sluice-upload-'));

const said =
  (body: string, type = 'application/json', status = 200): Answerer =>
  (_received, response) => {
    response.writeHead(status, { 'content-type': type }).end(body);
  };

const TRANSCRIPT = JSON.stringify({
  text: 'Hello.',
  usage: { type: 'tokens', input_tokens: 14, output_tokens: 4, total_tokens: 18 },
});

describe('a form with a file', () => {
  let one: StubUpstream;
  let two: StubUpstream;
  let relay: TestRelay;
  let openai: OpenAI;
  before(async () => {
    one = await startStub();
    two = await startStub();
    relay = await startRelay(`
server: { upload_limit: 8mb }
accounts:
  - { id: one, provider: openai-compatible, base_url: "${one.url}", secrets: [secret-of-one], models: { whisper-up: { name: whisper } } }
  - { id: two, provider: openai-compatible, base_url: "${two.url}", secrets: [secret-of-two], models: { whisper-large-v3-turbo: { name: whisper, tier: 2 } } }
`);
    openai = relay.openai();
  });
  beforeEach(() => {
    one.answer = said(TRANSCRIPT);
    two.answer = said(TRANSCRIPT);
  });
  after(async () => {
    await relay.close();
    await Promise.all([one.close(), two.close()]);
  });

  const transcribe = async (more: object = {}): Promise<{ text: string }> =>
    openai.audio.transcriptions.create({
      file: await toFile(SOUND, 'sound.wav'),
      model: 'whisper',
      ...more,
    } as OpenAI.Audio.TranscriptionCreateParamsNonStreaming);

  it('is transcribed: everything as the client sent it, but for the name of the model', async () => {
    assert.equal((await transcribe({ language: 'en' })).text, 'Hello.');
    const { url, headers, body } = one.last();
    assert.equal(url, '/v1/audio/transcriptions');
    assert.equal(headers['content-length'], String(body.length));
    assert.equal(headers.authorization, 'Bearer secret-of-one');
    const form = await new Response(new Uint8Array(body), {
      headers: { 'content-type': String(headers['content-type']) },
    }).formData();
    assert.equal(form.get('model'), 'whisper-up');
    assert.equal(form.get('language'), 'en');
    const file = form.get('file') as File;
    assert.equal(file.name, 'sound.wav');
    assert.ok(Buffer.from(await file.arrayBuffer()).equals(SOUND));
    await relay.settled();
    assert.deepEqual(spooled(), []);
    const line = relay.log.findLast(({ msg }) => msg === 'call');
    assert.equal(line?.['channel'], 'one/whisper-up');
    assert.deepEqual(line?.['usage'], { input: 14, output: 4, source: 'upstream' });
  });

  it('is sent again, whole, where the first account fails', async () => {
    one.answer = said('{"error":{"message":"boom"}}', 'application/json', 500);
    assert.equal((await transcribe()).text, 'Hello.');
    const { headers, body } = two.last();
    assert.equal(headers.authorization, 'Bearer secret-of-two');
    assert.ok(body.includes('whisper-large-v3-turbo') && body.includes(SOUND));
    assert.ok(one.last().body.includes(SOUND));
    await relay.settled();
    relay.app.front.switchOn('channel one/whisper-up');
  });

  it('is answered with text, subtitles or events as the provider writes them', async () => {
    for (const [format, type, text] of [
      ['text', 'text/plain; charset=utf-8', 'Hello.\n'],
      ['srt', 'application/x-subrip', '1\n00:00:00,000 --> 00:00:01,000\nHello.\n'],
      ['vtt', 'text/vtt', 'WEBVTT\n\n00:00.000 --> 00:01.000\nHello.\n'],
    ] as const) {
      one.answer = said(text, type);
      const response = await post({ model: 'whisper', response_format: format });
      assert.equal(response.headers.get('content-type'), type);
      assert.equal(await response.text(), text);
    }
    one.answer = said(
      'data: {"type":"transcript.text.delta","delta":"Hel"}\n\ndata: {"type":"transcript.text.delta","delta":"lo."}\n\n' +
        'data: {"type":"transcript.text.done","text":"Hello.","usage":{"input_tokens":14,"output_tokens":4,"total_tokens":18}}\n\n',
      'text/event-stream',
    );
    const stream = await openai.audio.transcriptions.create({
      file: await toFile(SOUND, 'sound.wav'),
      model: 'whisper',
      stream: true,
    });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    assert.deepEqual(types, ['transcript.text.delta', 'transcript.text.delta', 'transcript.text.done']);
    await relay.settled();
    assert.deepEqual(relay.log.findLast(({ msg }) => msg === 'call')?.['usage'], {
      input: 14,
      output: 4,
      source: 'upstream',
    });
  });

  it('gets events where it asked for them, also from a model that has none', async () => {
    const events = async (): Promise<unknown[]> =>
      (await (await post({ model: 'whisper', stream: 'True' })).text())
        .split('\n')
        .flatMap((line) => (line.startsWith('data: ') ? [JSON.parse(line.slice(6))] : []));
    const usage = { type: 'tokens', input_tokens: 14, output_tokens: 4, total_tokens: 18 };
    assert.deepEqual(await events(), [
      { type: 'transcript.text.delta', delta: 'Hello.' },
      { type: 'transcript.text.done', text: 'Hello.', usage },
    ]);
    one.answer = said('Hello.\n', 'text/plain');
    assert.deepEqual(await events(), [
      { type: 'transcript.text.delta', delta: 'Hello.\n' },
      { type: 'transcript.text.done', text: 'Hello.\n' },
    ]);
    one.answer = said('{"created":7,"data":[{"b64_json":"aaaa"}]}');
    const stream = await openai.images.edit({
      image: await toFile(Buffer.from('PNG'), 'a.png'),
      prompt: 'p'.repeat(32_000),
      model: 'whisper',
      stream: true,
    });
    const edited: unknown[] = [];
    for await (const event of stream) edited.push(event);
    assert.deepEqual(edited, [{ type: 'image_edit.completed', b64_json: 'aaaa', created_at: 7 }]);
  });

  it('gets events that it asked for in a way that only the provider understands', async () => {
    const told = 'data: {"type":"transcript.text.done","text":"Hello."}\n\n';
    one.answer = said(told, 'text/event-stream');
    const response = await post({ model: 'whisper', stream: '1' });
    assert.equal(response.headers.get('content-type'), 'text/event-stream');
    assert.equal(await response.text(), told);
  });

  it('is translated, and pictures are edited and varied, each at its own address', async () => {
    const file = await toFile(SOUND, 'sound.wav');
    await openai.audio.translations.create({ file, model: 'whisper' });
    assert.equal(one.last().url, '/v1/audio/translations');
    one.answer = said('{"created":1,"data":[{"b64_json":"AAAA"}]}');
    const image = await toFile(SOUND, 'image.png', { type: 'image/png' });
    const edit = await openai.images.edit({ image: [image, image], model: 'whisper', prompt: 'A cat.' });
    assert.equal(edit.data?.[0]?.b64_json, 'AAAA');
    assert.equal(one.last().url, '/v1/images/edits');
    await openai.images.createVariation({ image, model: 'whisper' });
    assert.equal(one.last().url, '/v1/images/variations');
  });

  it('without a model, with two, with an unknown one or that is no form is a clear error', async () => {
    const without = await post({ language: 'en' });
    assert.equal(without.status, 400);
    assert.match(errorOf(await without.json()).message, /model/);
    const twice = await post({ model: 'whisper' }, [['model', 'whisper']]);
    assert.match(errorOf(await twice.json()).message, /model: expected one short field/);
    const unknown = await post({ model: 'nobody' });
    assert.equal(unknown.status, 404);
    const json = await fetch(`${relay.url}/v1/audio/transcriptions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: '{"model":"whisper"}',
    });
    assert.match(errorOf(await json.json()).message, /expected multipart\/form-data/);
    const large = (await caught(
      openai.audio.transcriptions.create({
        file: await toFile(Buffer.alloc(9 * 1024 * 1024), 'x.wav'),
        model: 'whisper',
      }),
    )) as InstanceType<typeof OpenAI.APIError>;
    assert.equal(large.status, 413);
    await relay.settled();
    assert.deepEqual(spooled(), []);
  });

  it('that is cut leaves no file and holds nothing', async () => {
    const asked = one.received.length;
    const outgoing = httpRequest(`${relay.url}/v1/audio/transcriptions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${KEY}`,
        'content-type': 'multipart/form-data; boundary=b',
        'content-length': '1000000',
      },
    });
    outgoing.on('error', () => undefined);
    outgoing.write('--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n');
    outgoing.write(SOUND);
    assert.ok(await until(() => relay.app.server.active() === 1));
    assert.ok(await until(() => spooled().length === 0), 'the file has no name');
    outgoing.destroy();
    await relay.settled();
    assert.equal(one.received.length, asked);
  });

  it('asked for twice under one Idempotency-Key is sent once, and another file under it is a conflict', async () => {
    const asked = one.received.length;
    const headers = { 'idempotency-key': 'form-1' };
    const first = await post({ model: 'whisper' }, [], headers);
    const again = await post({ model: 'whisper' }, [], headers);
    assert.equal(await first.text(), await again.text());
    assert.equal(one.received.length, asked + 1);
    const other = await post({ model: 'whisper' }, [['file2', 'other']], headers);
    assert.equal(other.status, 422);
  });

  it('names no file by its id where several keys share the relay, however it is written', async () => {
    const shared = await startRelay(`
accounts:
  - { id: one, provider: openai-compatible, base_url: "${one.url}", secrets: [secret-of-one], models: [whisper] }
keys:
  - { id: test, key: ${KEY} }
  - { id: other, key: other-key-0123456789abcdef }
`);
    const asked = one.received.length;
    for (const [name, value] of [
      ['file_id', 'file-1'],
      ['image[0][file_id]', 'file-1'],
      ['file_ids', JSON.stringify(['file-1', 'x'.repeat(5_000)])],
    ] as const) {
      const answer = await post({ model: 'whisper' }, [[name, value]], {}, shared.url);
      assert.ok([400, 404].includes(answer.status), name);
    }
    assert.equal(one.received.length, asked);
    assert.equal((await post({ model: 'whisper' }, [], {}, shared.url)).status, 200);
    await shared.close();
  });

  function post(
    fields: Readonly<Record<string, string>>,
    more: readonly (readonly [string, string])[] = [],
    headers: Readonly<Record<string, string>> = {},
    url = relay.url,
  ): Promise<Response> {
    const body = new FormData();
    body.append('file', new Blob([SOUND]), 'sound.wav');
    for (const [name, value] of [...Object.entries(fields), ...more]) body.append(name, value);
    return fetch(`${url}/v1/audio/transcriptions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, ...headers },
      body,
    });
  }
});
