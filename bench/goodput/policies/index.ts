/** Those who are compared, in the order of the tables. */

import type { Policy } from '../contract.ts';
import { backoff } from './backoff.ts';
import { direct } from './direct.ts';
import { leastUsed } from './least-used.ts';
import { queue } from './queue.ts';
import { roundRobin } from './round-robin.ts';
import { sluice } from './sluice.ts';

export const POLICIES: readonly Policy[] = [direct, backoff, queue, roundRobin, leastUsed, sluice];
