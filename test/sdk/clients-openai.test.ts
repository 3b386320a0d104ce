import { testClients } from './clients/matrix.ts';
import { OPENAI } from './clients/openai.ts';

testClients(OPENAI);
