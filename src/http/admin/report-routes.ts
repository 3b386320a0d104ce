/** Usage, calls and statements: all that is read of the books. */

import { callRoutes } from './call-routes.ts';
import type { AdminRoute } from './route.ts';
import { type StatementDoors, statementRoutes } from './statement-routes.ts';
import { usageRoutes } from './usage-routes.ts';

export type { StatementDoors as BooksDoors } from './statement-routes.ts';

export const reportRoutes = (doors: StatementDoors): AdminRoute[] => [
  ...usageRoutes(doors),
  ...callRoutes(doors),
  ...statementRoutes(doors),
];
