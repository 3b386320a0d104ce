/**
 * `GET /v1/models`: what can be asked for, as the key may see it, in the shape that the client knows: Anthropic's where
 * it names a version of that API, Gemini's where it sends Google's headers or asks below `/v1beta`, else one that
 * OpenAI's and OpenRouter's clients both accept.
 */

import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Wire } from '../dialects/dialect.ts';
import { dialects } from '../dialects/index.ts';
import { Failure } from '../domain/failure.ts';
import { keyOf } from './door.ts';
import {
  anthropicList,
  anthropicModel,
  geminiList,
  geminiModel,
  type Query,
  sizeOf,
} from './foreign-model-lists.ts';
import type { Front } from './front.ts';
import { modelEntry } from './model-entry.ts';
import { askedModel } from './model-name.ts';
import { type OfferedModel, offered } from './offered-model.ts';

type Shape = 'openai' | 'anthropic' | 'gemini';

/** Where Gemini's clients of older versions look. */
const GEMINI_PREFIX = '/v1beta';

export function addModels(server: FastifyInstance, front: Front, prefix: string): void {
  server.get(`${prefix}/models`, (request) => {
    const models = visibleTo(front, request);
    const query = request.query as Query;
    const shape = shapeOf(request.raw);
    if (shape === 'gemini') return geminiList(models, query);
    if (shape === 'anthropic')
      return anthropicList(models, { query, claudeAliases: front.settings().claudeAliases });
    const start = sizeOf(query, 'offset', { usual: 0, least: 0, most: 1_000_000 });
    const size = sizeOf(query, 'limit', { usual: models.length, least: 0, most: 1_000_000 });
    const data = models.slice(start, start + size).map(modelEntry);
    return { object: 'list', data, links: { next: null }, total_count: models.length };
  });

  server.get<{ Params: { '*': string } }>(`${prefix}/models/*`, (request) => {
    const name = request.params['*'];
    const model = oneOf(front, request, name);
    const shape = shapeOf(request.raw);
    if (shape === 'gemini') return geminiModel(model);
    return shape === 'anthropic' ? anthropicModel(model, name) : modelEntry(model);
  });

  // OpenRouter's way to ask for one.
  server.get<{ Params: { '*': string } }>(`${prefix}/model/*`, (request) => ({
    data: modelEntry(oneOf(front, request, request.params['*'])),
  }));
}

/** The same below Gemini's own prefix. */
export const addGeminiModels = (server: FastifyInstance, front: Front): void =>
  addModels(server, front, GEMINI_PREFIX);

function visibleTo(front: Front, { raw }: FastifyRequest): OfferedModel[] {
  const key = keyOf(front, raw);
  const nowMs = front.clock.now();
  return front
    .snapshot()
    .catalog.models.filter(
      ({ name, channels }) => channels.length > 0 && (key.models?.includes(name) ?? true),
    )
    .map((model) => offered(model, nowMs));
}

function oneOf(front: Front, request: FastifyRequest, name: string): OfferedModel {
  const visible = visibleTo(front, request);
  const { catalog } = front.snapshot();
  const asked = askedModel(name, { catalog, claudeAliases: front.settings().claudeAliases });
  const model = visible.find(({ id }) => id === asked?.model.name);
  if (model === undefined)
    throw new Failure('model_not_found', {
      message: `The model '${name}' does not exist here.`,
      param: 'model',
    });
  return model;
}

function shapeOf({ url = '', headers }: IncomingMessage): Shape {
  if (url.startsWith(`${GEMINI_PREFIX}/`)) return 'gemini';
  if (headers['anthropic-version'] !== undefined) return 'anthropic';
  const isGoogles = headers['x-goog-api-key'] !== undefined || headers['x-goog-api-client'] !== undefined;
  return isGoogles ? 'gemini' : 'openai';
}

const LISTS = /^\/(v1|v1beta|api\/v1|openai\/v1)\/models?(\/|$|\?)/;

/** The dialect in which whoever asks for models is told what goes wrong; undefined: the usual one. */
export function dialectOfLister(request: IncomingMessage): Wire | undefined {
  const { method, url = '' } = request;
  if ((method !== 'GET' && method !== 'HEAD') || !LISTS.test(url)) return undefined;
  const known: Readonly<Record<string, Wire | undefined>> = dialects;
  const shape = shapeOf(request);
  return shape === 'openai' ? undefined : known[shape === 'anthropic' ? 'anthropic-messages' : 'gemini'];
}
