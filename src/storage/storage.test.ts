import { onEachDatabase } from '../testing/databases.ts';
import { storageSuite } from './storage.suite.ts';
import { transactionsSuite } from './transactions.suite.ts';

onEachDatabase((_name, open) => {
  storageSuite(open);
  transactionsSuite(open);
});
