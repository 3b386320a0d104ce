/** Scenario 25a: a relay that is told to end while fifty streams run: none is broken, and all of them are in the books. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { startChild } from '../sdk/child.ts';
import { QUICK } from './crowd.ts';

test('fifty streams end well after SIGTERM, each with its entry', { timeout: 180_000 }, async () => {
  const config = QUICK.replace(
    'tokens_per_second: 1000, output_tokens: 5',
    'tokens_per_second: 20, output_tokens: 60',
  );
  const child = await startChild({ config });
  try {
    const ask = {
      model: 'qwen3-max',
      stream: true,
      max_tokens: 60,
      messages: [{ role: 'user', content: 'Hi' }],
    };
    const responses = await Promise.all(Array.from({ length: 50 }, () => child.chat(ask)));
    child.process.kill('SIGTERM');
    while ((await readiness(child.url)) === 200) await wait(20);
    const texts = await Promise.all(responses.map((response) => response.text()));
    for (const text of texts) assert.match(text, /data: \[DONE\]\n\n$/);
    assert.equal(await child.exit, 0);
    const database = new DatabaseSync(join(child.folder, 'data/sluice.db'), { readOnly: true });
    const rows = database.prepare("select id from entries where end_reason = 'complete'").all();
    database.close();
    assert.deepEqual(
      rows.map(({ id }) => id).sort(),
      responses.map(({ headers }) => headers.get('x-request-id')).sort(),
    );
  } finally {
    await child.remove();
  }
});

/** 503 while it drains; undefined once it takes no connections any more. */
async function readiness(url: string): Promise<number | undefined> {
  const response = await fetch(`${url}/readyz`).catch(() => undefined);
  return response?.status;
}
