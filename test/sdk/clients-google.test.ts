import { GOOGLE } from './clients/google.ts';
import { testClients } from './clients/matrix.ts';

testClients(GOOGLE);
