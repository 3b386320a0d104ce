/** How the last part of a resumed answer may end, told byte by byte: nothing is left open, and nothing is asked twice. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sleep } from '../../src/base/clock.ts';
import { ConnectionError } from '../../src/base/fetch.ts';
import { leaver } from './crowd.ts';
import { type Answer, chat, createHouse, type House } from './house.ts';

/** Text, a pause in ms, a broken wire, or silence until somebody gives up. */
type Step = string | number | 'reset' | 'silence';
type Scripts = Readonly<Record<string, readonly Step[]>>;

const chunk = (delta: object, more: object = {}): string =>
  `data: ${JSON.stringify({ id: 'x', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: null, ...more }] })}\n\n`;
const says = (content: string): string => chunk({ content });
const FINISH = chunk({}, { finish_reason: 'stop' });
const DONE = 'data: [DONE]\n\n';
const BREAKS_OFF: readonly Step[] = [says('Water is what '), 10, says('flows'), 'reset'];

const pool = (hosts: readonly string[]): string => `
accounts:
${hosts
  .map(
    (id, tier) =>
      `  - { id: ${id}, tier: ${tier}, provider: qwen, base_url: http://${id}.test/v1, secrets: [s], models: [m], on_client_gone: drain(30s) }`,
  )
  .join('\n')}
models: { m: { resume: true } }
timeouts: { first_byte_stream: 5s, idle: 5s }
`;

/** Each host says its lines the first time it is asked, and is out of order from then on. */
function scripted(scripts: Scripts): { readonly house: House; readonly asked: string[] } {
  const asked: string[] = [];
  const house: House = createHouse(pool(Object.keys(scripts)), {
    fetch: async ({ url, signal }) => {
      const host = new URL(url).hostname.replace('.test', '');
      const isFirst = !asked.includes(host);
      asked.push(host);
      const headers = { 'content-type': 'text/event-stream' };
      if (!isFirst) return { status: 500, headers: {}, body: said(['{}'], signal) };
      return { status: 200, headers, body: said(scripts[host] ?? [], signal) };
    },
  });
  async function* said(steps: readonly Step[], signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    const aborted = new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
    aborted.catch(() => undefined);
    for (const step of steps) {
      if (step === 'reset') throw new ConnectionError('ECONNRESET', { message: 'reset', sent: true });
      if (step === 'silence') await aborted;
      else if (typeof step === 'number') await Promise.race([sleep(house.clock, step), aborted]);
      else yield Buffer.from(step);
    }
  }
  return { house, asked };
}

const ASK = chat('hi', { model: 'm', stream: true });

const textOf = ({ text }: Answer): string =>
  text
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice(6)).choices?.[0]?.delta.content ?? '')
    .join('');

async function nothingLeft({ app, clock, arrived }: House): Promise<void> {
  await arrived();
  assert.equal(app.rooms.limiter.open(), 0, 'permits');
  assert.equal(clock.pending(), 0, 'timers');
}

describe('the last part of a resumed answer', () => {
  for (const [how, end] of [
    ['with a broken wire behind its finish', [FINISH, 'reset']],
    ['with a broken wire behind its terminal', [FINISH, DONE, 'reset']],
    ['with silence behind its finish', [FINISH, 'silence']],
    ['with silence behind its terminal', [FINISH, DONE, 'silence']],
    ['without a terminal', [FINISH]],
  ] as const)
    it(`ends well ${how}`, async () => {
      const { house, asked } = scripted({ a: BREAKS_OFF, b: [says(' down.'), ...end] });
      const answer = await house.one(house.call(ASK));
      assert.equal(textOf(answer), 'Water is what flows down.');
      assert.doesNotMatch(answer.text, /"error"/);
      assert.deepEqual(asked, ['a', 'b']);
      await nothingLeft(house);
    });

  it('that breaks off as well is not asked for at the account that has just broken off', async () => {
    const { house, asked } = scripted({
      a: BREAKS_OFF,
      b: [says(' down'), 5, 'reset'],
      c: [says(' hill.'), FINISH, DONE],
    });
    const answer = await house.one(house.call(ASK));
    assert.equal(textOf(answer), 'Water is what flows down hill.');
    assert.deepEqual(asked.slice(0, 2), ['a', 'b']);
    assert.notEqual(asked[2], 'b');
    await nothingLeft(house);
  });

  it('is read on for its use where its client left and the account says so', async () => {
    const { house } = scripted({
      a: BREAKS_OFF,
      b: [says(' down'), 1_000, says(' hill.'), 2_000, FINISH, DONE],
    });
    const client = leaver(house, JSON.stringify(ASK));
    await house.arrived();
    house.clock.after(500, () => client.leave());
    await house.clock.runUntil(client.left, 60_000);
    await house.clock.runUntil(sleep(house.clock, 5_000), 60_000);
    const story = house.log.find(({ msg }) => msg === 'call');
    assert.equal(story?.['end'], 'client_gone');
    assert.ok(Number(story?.['durationMs']) >= 3_000, JSON.stringify(story));
    await nothingLeft(house);
  });
});

it('an answer in two parts of whose use nobody told has cost the question twice', async () => {
  const inputOf = async (scripts: Scripts): Promise<number> => {
    const { house } = scripted(scripts);
    await house.one(house.call(ASK));
    const story = house.log.find(({ msg }) => msg === 'call') ?? assert.fail('no story');
    return (story['usage'] as { input: number }).input;
  };
  const once = await inputOf({ a: [says('Water.'), FINISH, DONE] });
  assert.equal(await inputOf({ a: BREAKS_OFF, b: [says(' down.'), FINISH, DONE] }), 2 * once);
});

describe('an answer whose terminal came', () => {
  it('is over, though its finish was lost and the wire broke behind it', async () => {
    const { house, asked } = scripted({
      a: [says('Water is what '), 10, says('flows'), DONE, 5, 'reset'],
      b: [says(' down.'), FINISH, DONE],
    });
    const answer = await house.one(house.call(ASK));
    assert.equal(textOf(answer), 'Water is what flows');
    assert.deepEqual(asked, ['a']);
    await nothingLeft(house);
  });
});
