import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../base/json.ts';
import type { ChatRequest } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import { withModel } from '../splice-request.ts';
import { forwardAsStream } from './forward-request.ts';
import { readHead, readRequest, writeRequest } from './request.ts';

const bytes = (body: unknown): Buffer => Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
const read = (body: JsonObject): ChatRequest => readRequest(bytes({ model: 'm', input: 'x', ...body }));
const written = (body: JsonObject): JsonObject =>
  JSON.parse(writeRequest(read(body)).toString()) as JsonObject;

function refusal(body: unknown): Failure {
  try {
    readHead(bytes(body));
  } catch (error) {
    if (error instanceof Failure) return error;
  }
  return assert.fail(`accepted: ${JSON.stringify(body)}`);
}

describe('the head of a request', () => {
  it('is read from a text, from items, and from a request that has its input elsewhere', () => {
    assert.deepEqual(readHead(bytes({ model: 'm', input: 'Hi', stream: true, max_output_tokens: 9 })), {
      model: 'm',
      stream: true,
      wantsUsage: true,
      maxOutputTokens: 9,
    });
    const plain = { model: 'm', stream: false, wantsUsage: false, maxOutputTokens: Infinity };
    assert.deepEqual(readHead(bytes({ model: 'm', input: [], max_output_tokens: null })), plain);
    assert.deepEqual(readHead(bytes({ model: 'm', previous_response_id: 'resp_1' })), plain);
    assert.deepEqual(readHead(bytes({ model: 'm', prompt: { id: 'pmpt_1' } })), plain);
  });

  it("takes items and roles that it does not know: they may be the upstream's", () => {
    const input = [
      { type: 'additional_tools', role: 'developer', tools: [] },
      { role: 'critic', content: 1 },
    ];
    assert.equal(readHead(bytes({ model: 'm', input })).model, 'm');
  });

  it('names the field that is wrong', () => {
    const wrong: readonly (readonly [JsonObject, string])[] = [
      [{ input: 'x' }, 'model'],
      [{ model: '', input: 'x' }, 'model'],
      [{ model: 'm' }, 'input'],
      [{ model: 'm', input: null, previous_response_id: null }, 'input'],
      [{ model: 'm', input: 7 }, 'input'],
      [{ model: 'm', input: ['x'] }, 'input[0]'],
      [{ model: 'm', input: [{ role: 'user' }, { content: 'x' }] }, 'input[1]'],
      [{ model: 'm', input: 'x', stream: 'yes' }, 'stream'],
      [{ model: 'm', input: 'x', max_output_tokens: 0 }, 'max_output_tokens'],
    ];
    for (const [body, param] of wrong) {
      const failure = refusal(body);
      assert.equal(failure.kind, 'invalid_request');
      assert.equal(failure.options.param, param, JSON.stringify(body));
      assert.ok(failure.message.startsWith(`${param}: `));
    }
    assert.match(refusal('[]').message, /JSON object/);
    assert.match(refusal('{"model":"a","model":"b","input":"x"}').message, /twice/);
  });

  it('is found in a huge body without reading it whole', () => {
    const long = 'word '.repeat(80_000);
    const input = [{ role: 'user', content: long }];
    const head = { model: 'm', stream: true, wantsUsage: true, maxOutputTokens: 5 };
    assert.deepEqual(readHead(bytes({ input, stream: true, max_output_tokens: 5, model: 'm' })), head);
    assert.equal(readHead(bytes({ input: long, model: 'm' })).model, 'm');
    assert.equal(refusal({ model: 'm', instructions: long }).options.param, 'input');
    assert.equal(readHead(bytes({ model: 'm', instructions: long, conversation: 'conv_1' })).model, 'm');
  });
});

describe('the meaning of a request', () => {
  it('has the instructions in front, and the bound, the tools and the choice among them', () => {
    const parameters = { type: 'object' };
    const request = read({
      instructions: 'Be brief.',
      max_output_tokens: 50,
      tools: [{ type: 'function', name: 'f', description: 'd', parameters, strict: true }],
      tool_choice: { type: 'function', name: 'f' },
    });
    assert.deepEqual(request.messages, [
      { role: 'system', parts: [{ type: 'text', text: 'Be brief.' }] },
      { role: 'user', parts: [{ type: 'text', text: 'x' }] },
    ]);
    assert.equal(request.maxOutputTokens, 50);
    assert.deepEqual(request.tools, [{ name: 'f', description: 'd', parameters }]);
    assert.deepEqual(request.toolChoice, { name: 'f' });
    assert.deepEqual(request.extra, {});
  });

  it('keeps what has no neutral form, and writes it again as it was', () => {
    const kept = {
      temperature: 0.2,
      parallel_tool_calls: false,
      reasoning: { effort: 'high' },
      store: false,
      include: ['reasoning.encrypted_content'],
      previous_response_id: 'resp_0',
      text: { format: { type: 'json_schema', name: 's', schema: { type: 'object' } }, verbosity: 'low' },
      tools: [{ type: 'function', name: 'f' }, { type: 'web_search' }],
      tool_choice: { type: 'web_search' },
    };
    const request = read(kept);
    assert.deepEqual(request.extra, kept);
    assert.equal(request.responseFormat, 'json_schema');
    assert.deepEqual(request.tools, [{ name: 'f' }]);
    assert.equal(request.toolChoice, undefined);
    const { model: _, input: __, ...again } = written(kept);
    assert.deepEqual(again, kept);
  });

  it('is written with tools whose schema need not be strict', () => {
    const { tools } = written({ tools: [{ type: 'function', name: 'f', parameters: { type: 'object' } }] });
    assert.deepEqual(tools, [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: false }]);
  });
});

describe('a request for an upstream of the same dialect', () => {
  const body = '{ "input" : "x",\n "model":"public", "reasoning":{"model":"public"}, "stream" :true }';

  it('has its model changed and not one other byte', () => {
    const head = readHead(bytes(body));
    const forwarded = Buffer.from(withModel(bytes(body), head, 'up')).toString();
    assert.equal(forwarded, body.replace('"model":"public"', '"model":"up"'));
    const same = bytes(body);
    assert.equal(withModel(same, head, 'public'), same, 'without a copy');
  });

  it('becomes one for a stream, unless it is to be worked on in the background', () => {
    const turned = (plain: string): string | undefined => {
      const result = forwardAsStream(bytes(plain), readHead(bytes(plain)), 'up');
      return result === undefined ? undefined : Buffer.from(result).toString();
    };
    assert.equal(turned('{"model":"m","input":"x"}'), '{"model":"up","stream":true,"input":"x"}');
    assert.equal(
      turned('{"stream":false,"model":"m","input":"x"}'),
      '{"stream":true,"model":"up","input":"x"}',
    );
    assert.equal(turned('{"model":"m","input":"x","background":true}'), undefined);
    assert.ok(turned('{"model":"m","input":"x","background":false}'));
  });
});
