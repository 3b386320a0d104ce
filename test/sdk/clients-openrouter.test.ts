import { testClients } from './clients/matrix.ts';
import { OPENROUTER } from './clients/openrouter.ts';

// It demands a field of plain answers that chunks need not have, and Sluice puts nothing in that no chunk said.
testClients(OPENROUTER, 'stream_upstream: off');
