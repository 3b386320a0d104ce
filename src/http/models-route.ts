/** `GET /v1/models`: what can be asked for, as the key may see it. */

import type { FastifyInstance } from 'fastify';
import type { ClientKey } from '../domain/call.ts';
import type { Model } from '../domain/channel.ts';
import { Failure } from '../domain/failure.ts';
import type { Front } from './front.ts';

/** The list has no birthdays of models; clients only need a number. */
const CREATED = 1_700_000_000;

export function addModels(server: FastifyInstance, front: Front, prefix: string): void {
  const visible = (key: ClientKey): Model[] =>
    front
      .snapshot()
      .catalog.models.filter(
        ({ name, channels }) => channels.length > 0 && (key.models?.includes(name) ?? true),
      );

  server.get(`${prefix}/models`, (request) => {
    const data = visible(front.access().authenticate(request.headers)).map(entryOf);
    return { object: 'list', data, links: { next: null }, total_count: data.length };
  });

  server.get<{ Params: { '*': string } }>(`${prefix}/models/*`, (request) => {
    const name = request.params['*'];
    const model = visible(front.access().authenticate(request.headers)).find(
      (candidate) => candidate.name === name,
    );
    if (model === undefined)
      throw new Failure('model_not_found', {
        message: `The model '${name}' does not exist here.`,
        param: 'model',
      });
    return entryOf(model);
  });
}

const entryOf = (model: Model) => ({
  id: model.name,
  object: 'model',
  created: CREATED,
  owned_by: [...new Set(model.channels.map(({ account }) => account.provider))].join(', '),
});
