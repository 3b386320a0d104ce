import { AI_SDK } from './clients/ai-sdk.ts';
import { testClients } from './clients/matrix.ts';

testClients(AI_SDK);
