/**
 * What every dialect must do with requests: read back what it writes, and forward the client's bytes with nothing
 * changed but what must, also where a plain request becomes one for a stream.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type JsonObject, topLevelFields } from '../base/json.ts';
import type { ChatRequest } from '../domain/chat.ts';
import type { Dialect } from './dialect.ts';
import { extraFields, type Sayings, text } from './neutral-chat.suite.ts';

export function requestSuite(dialect: Dialect, { requests }: Sayings): void {
  describe(`${dialect.id}: requests`, () => {
    it('read back as they were written', () => {
      fc.assert(
        fc.property(requests, (request) => {
          assert.deepEqual(dialect.readRequest(dialect.writeRequest(request)), request);
        }),
      );
    });

    it('have a head that agrees with their meaning', () => {
      fc.assert(
        fc.property(requests, (request) => {
          const head = dialect.readHead(dialect.writeRequest(request));
          assert.deepEqual(head, {
            model: request.model,
            stream: request.stream,
            wantsUsage: request.wantsUsage,
            maxOutputTokens: request.maxOutputTokens ?? Infinity,
          });
        }),
      );
    });

    it('are forwarded with the model and the usage option changed, and not one other byte', () => {
      fc.assert(fc.property(requests, extraFields, text, forwardKeepsTheRest(dialect)), { numRuns: 200 });
    });
  });

  describe(`${dialect.id}: plain requests turned into streams`, () => {
    it('ask for a stream with usage, and not one other field changes', () => {
      fc.assert(fc.property(requests, extraFields, text, turningKeepsTheRest(dialect)), { numRuns: 200 });
    });
  });
}

/** Forwards a body with strange fields in a strange layout, and compares what came of each field. */
function forwardKeepsTheRest(dialect: Dialect) {
  return (request: ChatRequest, extra: JsonObject, upstreamModel: string): void => {
    const body = strangeBody(dialect, request, extra);
    const head = dialect.readHead(body);
    const sent = dialect.forwardRequest(body, head, upstreamModel);
    const forwarded = asHeard(dialect, sent, { model: upstreamModel, stream: head.stream });
    const again = dialect.readHead(forwarded);
    assert.deepEqual(again, { ...head, model: upstreamModel, wantsUsage: head.stream || head.wantsUsage });
    assert.ok(changedFields(body, forwarded).length <= 2);
    if (head.model === upstreamModel && (!head.stream || head.wantsUsage) && dialect.enter === undefined)
      assert.equal(forwarded.equals(body), true);
  };
}

function turningKeepsTheRest(dialect: Dialect) {
  return (request: ChatRequest, extra: JsonObject, upstreamModel: string): void => {
    const body = strangeBody(dialect, { ...request, stream: false, wantsUsage: false }, extra);
    const head = dialect.readHead(body);
    const bytes = dialect.forwardAsStream(body, head, upstreamModel);
    assert.ok(bytes);
    const turned = asHeard(dialect, bytes, { model: upstreamModel, stream: true });
    assert.deepEqual(dialect.readHead(turned), {
      ...head,
      model: upstreamModel,
      stream: true,
      wantsUsage: true,
    });
    assert.ok(changedFields(body, turned).length <= 3);
  };
}

/** As the other side reads it, with what the address says. */
function asHeard(
  dialect: Dialect,
  body: Uint8Array,
  asked: { readonly model: string; readonly stream: boolean },
): Buffer {
  const target = dialect.address?.('/v1beta/models', asked);
  return Buffer.from(target === undefined ? body : (dialect.enter?.(body, target) ?? body));
}

function strangeBody(dialect: Dialect, request: ChatRequest, extra: JsonObject): Buffer {
  const written = JSON.parse(dialect.writeRequest(request).toString()) as JsonObject;
  const fields = Object.entries({ ...extra, ...written });
  const rotated = [...fields.slice(2), ...fields.slice(0, 2)];
  return Buffer.from(` ${JSON.stringify(Object.fromEntries(rotated), undefined, rotated.length % 3)}\n`);
}

/** Fields that are new or have other bytes. None may be lost, and the others mean what they meant. */
function changedFields(body: Buffer, forwarded: Buffer): string[] {
  const before = topLevelFields(body);
  const after = topLevelFields(forwarded);
  assert.ok(before !== undefined && after !== undefined);
  const changed = [...after.keys()].filter((name) => {
    const [old, fresh] = [before.get(name), after.get(name)];
    return (
      !old || !fresh || !body.subarray(old.start, old.end).equals(forwarded.subarray(fresh.start, fresh.end))
    );
  });
  const result = JSON.parse(forwarded.toString()) as JsonObject;
  for (const [name, value] of Object.entries(JSON.parse(body.toString()) as JsonObject))
    if (!changed.includes(name)) assert.deepEqual(result[name], value, name);
  assert.ok(
    [...before.keys()].every((name) => after.has(name)),
    'no field is lost',
  );
  return changed;
}
