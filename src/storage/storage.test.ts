import { onEachDatabase } from '../testing/databases.ts';
import { storageSuite } from './storage.suite.ts';

onEachDatabase((_name, open) => storageSuite(open));
