import { onEachDatabase } from '../testing/databases.ts';
import { writerSuite } from './writer.suite.ts';

onEachDatabase((_name, open) => writerSuite(open));
