import { testClients } from './clients/matrix.ts';
import { OPENAI_AGENTS } from './clients/openai-agents.ts';

testClients(OPENAI_AGENTS);
