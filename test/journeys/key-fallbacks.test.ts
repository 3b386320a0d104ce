/** Which models may answer in place of the one that is asked for: the model's own list, or that of the key. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { accounts, chat, createHouse, KEY } from './house.ts';

const MODELS = 'asked: { limits: { rpm: 1 } }, usual: {}, own: {}';

const house = createHouse(`
${accounts(1, MODELS)}
models: { asked: { fallbacks: [usual] } }
queue: { max_wait: 3s }
keys:
  - { id: first, key: ${KEY} }
  - { id: plain, key: ${KEY}-plain }
  - { id: choosy, key: ${KEY}-choosy, fallbacks: [asked, own] }
  - { id: alone, key: ${KEY}-alone, fallbacks: [] }
  - { id: strict, key: ${KEY}-strict, fallback: false, fallbacks: [own] }
`);

const served = async (key: string): Promise<string> => {
  const answer = await house.one(
    house.call(chat('Hi', { model: 'asked', max_tokens: 1 }), { authorization: `Bearer ${key}` }),
  );
  return answer.status === 200 ? String(answer.headers['x-sluice-model']) : `${answer.status}`;
};

it('the list of a key is asked instead of that of the model, and an empty one is nobody', async () => {
  assert.equal(await served(KEY), 'asked', 'and with it the minute is used up');
  assert.equal(await served(`${KEY}-plain`), 'usual');
  assert.equal(await served(`${KEY}-choosy`), 'own');
  assert.match(await served(`${KEY}-alone`), /^(429|503)$/);
  assert.match(await served(`${KEY}-strict`), /^(429|503)$/);
});
