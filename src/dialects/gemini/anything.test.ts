/** What strangers send, clients and providers: it is understood, or refused in words, and never anything else. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { writeSseEvent } from '../../base/sse.ts';
import { Failure } from '../../domain/failure.ts';
import { gemini } from './gemini.ts';

const FIELDS = [
  ...['contents', 'parts', 'role', 'text', 'thought', 'functionCall', 'function_call', 'functionResponse'],
  ...['name', 'id', 'args', 'response', 'inlineData', 'mimeType', 'data', 'fileData', 'fileUri', 'tools'],
  ...['functionDeclarations', 'parameters', 'type', 'properties', 'toolConfig', 'functionCallingConfig'],
  ...['mode', 'allowedFunctionNames', 'generationConfig', 'thinkingConfig', 'thinkingBudget', 'stream'],
  ...['responseSchema', 'responseMimeType', 'candidateCount', 'systemInstruction', 'candidates', 'content'],
  ...['finishReason', 'index', 'usageMetadata', 'promptTokenCount', 'promptFeedback', 'blockReason', 'error'],
  ...['executableCode', 'codeExecutionResult', 'thoughtSignature', 'responseId', 'modelVersion', '__proto__'],
];

/** Objects of fields that the readers look for, with anything in them. */
const anything = fc.letrec<{ any: unknown; object: object }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(
      null,
      true,
      0,
      -1,
      1.5,
      '',
      'user',
      'model',
      'ANY',
      'STOP',
      'application/json',
      'image/png',
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
    tie('object'),
    fc.array(tie('any'), { maxLength: 3 }),
  ),
  object: fc
    .array(fc.tuple(fc.constantFrom(...FIELDS), tie('any')), { maxLength: 6 })
    .map((entries) => Object.fromEntries(entries)),
})).object;

function understoodOrRefused<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    assert.ok(['invalid_request', 'malformed'].includes(error.kind), error.kind);
    return undefined;
  }
}

test('any request is read and can be written for others, or is refused', () => {
  fc.assert(
    fc.property(anything, anything, (fields, content) => {
      const sent = Buffer.from(JSON.stringify({ contents: [content], ...fields }));
      const body = understoodOrRefused(() => gemini.enter?.(sent, '/v1/models/m:generateContent'));
      assert.ok(body);
      const head = understoodOrRefused(() => gemini.readHead(body));
      const request = understoodOrRefused(() => gemini.readRequest(body));
      if (request === undefined) return;
      assert.equal(head?.model, 'm');
      assert.ok(gemini.writeRequest(request).length > 0);
      const crossing = gemini.readCrossing?.(body) ?? assert.fail();
      const back = gemini.fitCrossing?.(crossing.request) ?? assert.fail();
      assert.ok(gemini.writeRequest(back.request).length > 0);
      const { stream: _stream, ...own } = JSON.parse(sent.toString());
      assert.ok(head);
      const forwarded = Buffer.from(gemini.forwardRequest(body, head, 'up'));
      assert.deepEqual(JSON.parse(forwarded.toString()), own);
    }),
    { numRuns: 400 },
  );
});

test('any answer, plain or in pieces, is read, put together and passed on, or is malformed', () => {
  fc.assert(
    fc.property(fc.array(anything, { minLength: 1, maxLength: 4 }), (answers) => {
      const reader = gemini.streamReader();
      const assembler = gemini.assembler();
      for (const answer of answers) {
        const json = JSON.stringify(answer);
        understoodOrRefused(() => gemini.readReply(Buffer.from(json)));
        understoodOrRefused(() => gemini.glanceReply(Buffer.from(json)));
        for (const chunk of understoodOrRefused(() => reader.push(writeSseEvent(json))) ?? []) {
          assembler.push(chunk);
          assert.ok(gemini.forward(chunk, { model: 'm', wantsUsage: true }));
        }
      }
      assert.ok(JSON.parse(assembler.finish().frame.toString()));
    }),
    { numRuns: 400 },
  );
});
