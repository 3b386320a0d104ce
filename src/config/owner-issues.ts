/**
 * Keys, projects and whose they are, within one file: a tenant or a project that it does not have, a key in the project
 * of somebody else. What stands in the database is not known here; so what the file names, the file must have.
 */

import { DEFAULT_TENANT } from '../domain/tenancy.ts';
import type { Issue } from './issue.ts';
import type { KeyValues, ProjectValues, TenantValues } from './people-schema.ts';
import type { Path } from './place.ts';

/** Fields that are wrong in themselves are not told a second time. */
type Owned<T> = { readonly path: Path; readonly values: T };

const MOST_METADATA_BYTES = 4_096;

export function ownerIssues({
  keys,
  tenants,
  projects,
}: {
  readonly keys: readonly Owned<KeyValues>[];
  readonly tenants: readonly Owned<TenantValues>[];
  readonly projects: readonly Owned<ProjectValues>[];
}): Issue[] {
  const tenantIds = [...new Set([DEFAULT_TENANT, ...tenants.map(({ values }) => values.id)])];
  const projectIds = projects.map(({ values }) => values.id);
  const issues: Issue[] = [];
  const check = (path: Path, id: string | undefined, noun: 'tenant' | 'project'): void => {
    const words = noun === 'tenant' ? tenantIds : projectIds;
    if (id === undefined || words.includes(id)) return;
    issues.push({
      path,
      at: 'value',
      expected: `the id of a ${noun} of this file`,
      unknown: { noun, words },
    });
  };
  for (const { path, values } of projects) check([...path, 'tenant'], values.tenant, 'tenant');
  for (const { path, values } of keys) {
    check([...path, 'tenant'], values.tenant, 'tenant');
    check([...path, 'project'], values.project, 'project');
    const owner = projects.find((project) => project.values.id === values.project)?.values.tenant;
    const [own, its] = [values.tenant ?? DEFAULT_TENANT, owner ?? DEFAULT_TENANT];
    if (values.project !== undefined && projectIds.includes(values.project) && own !== its)
      issues.push({
        path: [...path, 'project'],
        at: 'value',
        expected: `a project of the tenant '${own}'`,
        message: `the project '${values.project}' belongs to the tenant '${its}', and the key to '${own}'`,
      });
    if (JSON.stringify(values.metadata ?? {}).length > MOST_METADATA_BYTES)
      issues.push({
        path: [...path, 'metadata'],
        at: 'value',
        expected: `at most ${MOST_METADATA_BYTES} bytes as JSON`,
        message: `too much: expected at most ${MOST_METADATA_BYTES} bytes as JSON`,
      });
  }
  for (const { path, values } of tenants)
    if (values.wallet !== 'postpaid' && Number(values.credit_limit) > 0)
      issues.push({
        path: [...path, 'credit_limit'],
        at: 'value',
        expected: 'wallet: postpaid',
        message: `only a postpaid wallet has a credit limit, and this one is '${values.wallet}'`,
      });
  return issues;
}
