import { onEachDatabase } from '../testing/databases.ts';
import { purseRacesSuite } from './purse-races.suite.ts';
import { pursesSuite } from './purses.suite.ts';

onEachDatabase((_name, open) => {
  pursesSuite(open);
  purseRacesSuite(open);
});
