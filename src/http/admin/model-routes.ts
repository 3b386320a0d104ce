/** Models by the names that clients ask for: what the file and the database say of them, and what comes of it. */

import { z } from 'zod';
import type { JsonObject } from '../../base/json.ts';
import type { ModelConfig } from '../../config/config.ts';
import { modelSchema } from '../../config/schema.ts';
import { deleteModel, putModel } from '../../config/stored/changes.ts';
import { readModel, type StoredModel } from '../../config/stored/rows.ts';
import type { Model } from '../../domain/channel.ts';
import { noSuch, staleVersion } from './edits.ts';
import { line, momentAnswer, momentText, reference } from './fields.ts';
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

const modelAnswer = z
  .strictObject({
    name: z.string(),
    source: z
      .enum(['database', 'file', 'accounts'])
      .meta({ description: 'Where it is configured; `accounts`: nowhere, it is what accounts offer.' }),
    in_force: z.boolean(),
    problems: z.array(problemSchema),
    settings: z.record(z.string(), z.unknown()),
    channels: z.array(z.string()).meta({ description: 'That serve it now.' }),
    created_at: momentAnswer().nullable(),
    updated_at: momentAnswer().nullable(),
  })
  .meta({ id: 'ConfiguredModel' });

type ModelView = z.output<typeof modelAnswer>;

const params = z.object({ model: reference() });

/** One line without spaces at its ends, as in the file. */
const modelName = () => line(300).regex(/^\S(.*\S)?$/, 'expected a name without spaces at its ends');

export function modelRoutes(doors: UpstreamDoors): readonly AdminRoute[] {
  const { database, known } = doors;
  const settings = settingsSchema(modelSchema(known));
  const path = '/models/{model}';
  return [
    adminRoute({
      ...{ method: 'GET', path: '/models', id: 'listModels', tag: 'Models', roles: READERS },
      summary: 'Models that can be asked for, and those in the database that are not in force',
      query: z.object(pageQuery),
      answer: pageOf(modelAnswer),
      handle: ({ query }) => ({
        body: pageByName(allModels(doors), ({ name, source }) => `${name} ${source}`, query),
      }),
    }),
    adminRoute({
      ...{ method: 'GET', path, id: 'getModel', tag: 'Models', roles: READERS },
      summary: 'One model; of two of one name that of the file, which is in force',
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
      ...{ method: 'POST', path: '/models', id: 'createModel', tag: 'Models', roles: WRITERS, creates: true },
      summary:
        'Say what a model is: a name of your own with its channels, or more of one that accounts offer',
      body: z.strictObject({ name: modelName(), settings: settings.default({}) }),
      answer: modelAnswer,
      async handle({ body, note, nowMs }) {
        const { name, settings } = body;
        refuseFiles(doors, name);
        requireModel(doors, { name, settings });
        await database.write(async (transaction) => {
          if ((await putModel(transaction, { name, settings, version: undefined }, { nowMs })) === undefined)
            throw new AdminProblem(
              409,
              `The database says what the model '${name}' is already: change it there.`,
              [{ path: 'body.name', message: 'it is taken' }],
            );
          await bump(transaction, 'config');
          await note(transaction, { action: 'create', kind: 'model', object: name, after: settings });
        });
        await doors.notice();
        const row = { name, settings, version: 1, createdMs: nowMs, updatedMs: nowMs };
        return { status: 201, body: storedView(doors, row), version: 1 };
      },
    }),
    adminRoute({
      ...{ method: 'PUT', path, id: 'replaceModel', tag: 'Models', roles: WRITERS, edits: true },
      summary: 'Put other settings in the place of those that the database has of a model',
      params,
      body: z.strictObject({ settings }),
      answer: modelAnswer,
      async handle({ params: { model: name }, body: { settings }, note, nowMs, ifMatch }) {
        refuseFiles(doors, name);
        requireModel(doors, { name, settings });
        const row = await database.write(async (transaction): Promise<StoredModel> => {
          const before = await readModel(transaction, name);
          if (before === undefined) throw noSuch('model', name);
          const seen = ifMatch ?? before.version;
          const version = await putModel(transaction, { name, settings, version: seen }, { nowMs });
          if (version === undefined) throw stale(name);
          await bump(transaction, 'config');
          await note(transaction, {
            ...{ action: 'update', kind: 'model', object: name },
            before: before.settings,
            after: settings,
          });
          return { ...before, settings, version, updatedMs: nowMs };
        });
        await doors.notice();
        return { body: storedView(doors, row), version: row.version };
      },
    }),
    adminRoute({
      ...{ method: 'DELETE', path, id: 'deleteModel', tag: 'Models', roles: WRITERS, edits: true },
      summary:
        'Take back what the database says of a model; what accounts offer under its name they go on to offer',
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

/** Throws 422. */
function requireModel(
  doors: UpstreamDoors,
  { name, settings }: Pick<StoredModel, 'name' | 'settings'>,
): void {
  const rows = doors.stored.rows();
  const row = { name, settings, version: 1, createdMs: 0, updatedMs: 0 };
  requireRight(
    doors,
    { ...rows, models: withOne(rows.models, row, (each) => each.name) },
    { kind: 'model', id: name },
  );
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
