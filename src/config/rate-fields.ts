/** The limits that an account, a model of it and a client key may all have. */

import { limit } from './fields.ts';

export const rateShape = {
  rpm: limit().optional().describe('Requests per trailing minute.'),
  tpm: limit().optional().describe('Tokens (input and output) per trailing minute.'),
  rps: limit().optional().describe('Requests per trailing second.'),
  tps: limit().optional().describe('Input tokens admitted per trailing second.'),
  concurrency: limit().optional().describe('Calls in flight at once, streams included until their end.'),
  rpd: limit().optional().describe('Requests per trailing 24 hours.'),
  tpd: limit().optional().describe('Tokens per trailing 24 hours.'),
};
