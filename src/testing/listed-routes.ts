/** The routes that a running server really has, out of its own tree: for tests that go over each of them. */

import type { FastifyInstance } from 'fastify';

export type ListedRoute = { readonly path: string; readonly methods: readonly string[] };

/** An indent of four for each level. */
export function listedRoutes(server: FastifyInstance): ListedRoute[] {
  const above: string[] = [];
  return server
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line): ListedRoute[] => {
      const found = /^([│ ]*)[├└]── (\S+) \(([A-Z, ]+)\)/.exec(line);
      if (found === null) return [];
      const [, indent = '', part = '', methods = ''] = found;
      above.length = indent.length / 4;
      const path = above.join('') + part;
      above.push(part);
      return [{ path, methods: methods.split(', ') }];
    });
}
