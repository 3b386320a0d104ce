import { ANTHROPIC } from './clients/anthropic.ts';
import { testClients } from './clients/matrix.ts';

testClients(ANTHROPIC);
