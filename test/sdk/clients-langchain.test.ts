import { LANGCHAIN } from './clients/langchain.ts';
import { testClients } from './clients/matrix.ts';

testClients(LANGCHAIN);
