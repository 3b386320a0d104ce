/** Every strategy. A new one is a file here and a line below. */

import type { Strategy } from '../strategy.ts';
import { earliestStart } from './earliest-start.ts';
import { weighted } from './weighted.ts';

export const strategies: readonly Strategy[] = [earliestStart, weighted];

export const strategyOf = (id: string): Strategy =>
  strategies.find((strategy) => strategy.id === id) ?? earliestStart;
