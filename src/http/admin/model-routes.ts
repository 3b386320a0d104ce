/** Models by the names that clients ask for: what the file and the database say of them, and what comes of it. */

import { z } from 'zod';
import type { JsonObject } from '../../base/json.ts';
import type { ModelConfig } from '../../config/config.ts';
import { modelSchema } from '../../config/schema.ts';
import { deleteModel, putModel } from '../../config/stored/changes.ts';
import { readModel, type StoredModel } from '../../config/stored/rows.ts';
import type { Model } from '../../domain/channel.ts';
import { noSuch, staleVersion } from './edits.ts';
import { momentText, reference } from './fields.ts';
import { pageOf, pageQuery } from './page.ts';
import { AdminProblem, type AdminRoute, adminRoute } from './route.ts';
import {
  bump,
  pageByName,
  problemSchema,
  problemsOn,
  READERS,
  requireRight,
  settingsSchema,
  type UpstreamDoors,
  WRITERS,
  withOne,
} from './upstreams.ts';

const modelAnswer = z.strictObject({
  name: z.string(),
  source: z
    .enum(['database', 'file', 'accounts'])
    .meta({ description: 'Where it is configured; `accounts`: nowhere, it is what accounts offer.' }),
  in_force: z.boolean(),
  problems: z.array(problemSchema),
  settings: z.record(z.string(), z.unknown()),
  channels: z.array(z.string()).meta({ description: 'That serve it now.' }),
  created_at: z.string().nullable(),
  updated_at: z.string().nullable(),
});

type ModelView = z.output<typeof modelAnswer>;

const params = z.object({ model: reference() });

export function modelRoutes(doors: UpstreamDoors): readonly AdminRoute[] {
  const { database, stored, known } = doors;
  const settings = settingsSchema(modelSchema(known));
  const path = '/models/{model}';
  return [
    adminRoute({
      ...{ method: 'GET', path: '/models', id: 'listModels', tag: 'models', roles: READERS },
      summary: 'All models that can be asked for, and those in the database that are not in force.',
      query: z.object(pageQuery),
      answer: pageOf(modelAnswer),
      handle: ({ query }) => ({
        body: pageByName(allModels(doors), ({ name, source }) => `${name} ${source}`, query),
      }),
    }),
    adminRoute({
      ...{ method: 'GET', path, id: 'getModel', tag: 'models', roles: READERS },
      summary: 'One model. Of two of one name that of the file, which is in force.',
      params,
      answer: modelAnswer,
      async handle({ params: { model: name } }) {
        const row = ownModel(doors, name) === undefined ? await readModel(database.query, name) : undefined;
        if (row !== undefined) return { body: storedView(doors, row), version: row.version };
        const view = allModels(doors).find((model) => model.name === name && model.source !== 'database');
        if (view === undefined) throw noSuch('model', name);
        return { body: view };
      },
    }),
    adminRoute({
      ...{ method: 'PUT', path, id: 'putModel', tag: 'models', roles: WRITERS },
      summary:
        'Says what a model is: a new one, or with If-Match in the place of what the database says. Settings are those of the file.',
      params,
      body: z.strictObject({ settings: settings.default({}) }),
      answer: modelAnswer,
      async handle({ params: { model: name }, body, note, nowMs, ifMatch, knock }) {
        refuseFiles(doors, name);
        const isEdit = knock.headers['if-match'] !== undefined;
        const done = await database.write(async (transaction) => {
          const before = await readModel(transaction, name);
          if (!isEdit && before !== undefined)
            throw new AdminProblem(
              428,
              `There is a model '${name}' in the database already: send its ETag as If-Match to replace it.`,
            );
          if (isEdit && (before === undefined || (ifMatch ?? before.version) !== before.version))
            throw stale(name);
          const row = { name, settings: body.settings, version: 1, createdMs: nowMs, updatedMs: nowMs };
          const rows = stored.rows();
          requireRight(
            doors,
            { ...rows, models: withOne(rows.models, row, (each) => each.name) },
            { kind: 'model', id: name },
          );
          const version = await putModel(
            transaction,
            { name, settings: body.settings, version: before?.version },
            { nowMs },
          );
          if (version === undefined) throw stale(name);
          await bump(transaction, 'config');
          await note(transaction, {
            ...{ action: before === undefined ? 'create' : 'update', kind: 'model', object: name },
            ...(before === undefined ? {} : { before: before.settings }),
            after: body.settings,
          });
          return {
            isNew: before === undefined,
            row: { ...row, createdMs: before?.createdMs ?? nowMs, version },
          };
        });
        await doors.notice();
        return {
          status: done.isNew ? 201 : 200,
          body: storedView(doors, done.row),
          version: done.row.version,
        };
      },
    }),
    adminRoute({
      ...{ method: 'DELETE', path, id: 'deleteModel', tag: 'models', roles: WRITERS, edits: true },
      summary:
        'Takes away what the database says of a model. What accounts offer under its name they go on to offer.',
      params,
      async handle({ params: { model: name }, note, ifMatch }) {
        refuseFiles(doors, name);
        await database.write(async (transaction) => {
          const before = await readModel(transaction, name);
          if (before === undefined) throw noSuch('model', name);
          if (!(await deleteModel(transaction, { name, version: ifMatch ?? before.version })))
            throw stale(name);
          await bump(transaction, 'config');
          await note(transaction, { action: 'delete', kind: 'model', object: name, before: before.settings });
        });
        await doors.notice();
        return { status: 204 };
      },
    }),
  ];
}

const ownModel = ({ stored }: UpstreamDoors, name: string): ModelConfig | undefined =>
  stored.base().config.models.find((model) => model.name === name);

function refuseFiles(doors: UpstreamDoors, name: string): void {
  if (ownModel(doors, name) === undefined) return;
  throw new AdminProblem(409, `The configuration file says what the model '${name}' is: change it there.`);
}

function allModels(doors: UpstreamDoors): readonly ModelView[] {
  const { stored, front } = doors;
  const rows = stored.rows().models;
  const isOut = new Set(
    stored.problems().flatMap(({ kind, id, out }) => (kind === 'model' && out ? [id] : [])),
  );
  const inForce = new Set(rows.map(({ name }) => name).filter((name) => !isOut.has(name)));
  const others = front()
    .snapshot()
    .catalog.models.filter(({ name }) => !inForce.has(name));
  return [
    ...rows.map((row) => storedView(doors, row)),
    ...others.map((model): ModelView => {
      const own = ownModel(doors, model.name);
      return {
        ...{
          name: model.name,
          source: own === undefined ? 'accounts' : 'file',
          in_force: true,
          problems: [],
        },
        settings: own === undefined ? {} : shownSettings(own),
        channels: channelsOf(model),
        ...{ created_at: null, updated_at: null },
      };
    }),
  ];
}

function storedView(doors: UpstreamDoors, { name, settings, createdMs, updatedMs }: StoredModel): ModelView {
  const problems = problemsOn(doors.stored.problems(), 'model', name);
  const inForce = !problems.some(({ out }) => out);
  const model = inForce ? doors.front().snapshot().catalog.resolve(name) : undefined;
  return {
    ...{ name, source: 'database', in_force: inForce, problems, settings },
    channels: model === undefined ? [] : channelsOf(model),
    created_at: momentText(createdMs),
    updated_at: momentText(updatedMs),
  };
}

const channelsOf = ({ channels }: Model): string[] => channels.map(({ id }) => id);

const shownSettings = ({ name: _, fallbackAfterMs, ...model }: ModelConfig): JsonObject => ({
  ...model,
  ...(fallbackAfterMs === undefined ? {} : { fallback_after: `${fallbackAfterMs}ms` }),
});

const stale = (name: string): AdminProblem => staleVersion(`The model '${name}'`);
