import { onEachDatabase } from '../testing/databases.ts';
import { purseRacesSuite } from './purse-races.suite.ts';
import { pursesSuite } from './purses.suite.ts';
import { pursesAwaySuite } from './purses-away.suite.ts';

onEachDatabase((_name, open) => {
  pursesSuite(open);
  pursesAwaySuite(open);
  purseRacesSuite(open);
});
