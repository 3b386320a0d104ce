import { describe } from 'node:test';
import { onEachDatabase } from '../testing/databases.ts';
import { purseRacesSuite } from './purse-races.suite.ts';
import { pursesSuite } from './purses.suite.ts';
import { pursesAwaySuite } from './purses-away.suite.ts';

onEachDatabase((_name, open) => {
  // Each looks over the whole database when a test of its own has ended.
  describe('purses', () => pursesSuite(open));
  describe('purses without their database', () => pursesAwaySuite(open));
  describe('purses of many', () => purseRacesSuite(open));
});
