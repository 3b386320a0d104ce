/**
 * What a key of the database may say, as the JSON that it is kept as, and the key that the relay makes of it: the same as
 * one of the configuration file with the same words. Checked when it is written, not when it is read.
 */

import { readBudgets, type WrittenBudgets } from '../domain/budgets.ts';
import type { ClientKey, OnLimit, Priority } from '../domain/call.ts';
import type { Limits } from '../domain/limits.ts';

export type KeySettings = {
  readonly models?: readonly string[] | undefined;
  readonly endpoints?: readonly string[] | undefined;
  readonly addresses?: readonly string[] | undefined;
  readonly limits?: Limits | undefined;
  readonly on_limit?: OnLimit | undefined;
  readonly priority?: Priority | undefined;
  readonly weight?: number | undefined;
  readonly fallback?: boolean | undefined;
  readonly fallbacks?: readonly string[] | undefined;
  readonly objects?: boolean | undefined;
  readonly budgets?: WrittenBudgets | undefined;
  /** Means nothing to the relay. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
};

export type KeyOwner = {
  readonly id: string;
  readonly tenant: string;
  readonly project: string | null;
  /** Null: it does not end. */
  readonly expiresMs: number | null;
};

export function clientKeyOf({ id, tenant, project, expiresMs }: KeyOwner, settings: KeySettings): ClientKey {
  const { models, endpoints, addresses, fallbacks, objects, budgets } = settings;
  return {
    ...{ id, tenant },
    ...(project === null ? {} : { project }),
    ...(expiresMs === null ? {} : { endsAtMs: expiresMs }),
    limits: settings.limits ?? {},
    onLimit: settings.on_limit ?? 'queue',
    priority: settings.priority ?? 'normal',
    weight: settings.weight ?? 1,
    fallback: settings.fallback ?? true,
    ...(models === undefined ? {} : { models }),
    ...(endpoints === undefined ? {} : { endpoints }),
    ...(addresses === undefined ? {} : { addresses }),
    ...(fallbacks === undefined ? {} : { fallbacks }),
    ...(objects === undefined ? {} : { objects }),
    ...(budgets === undefined ? {} : { budgets: readBudgets(budgets) }),
  };
}
