import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveBench } from '../http/live-routes.ts';
import { benchesMeant, onCommand } from './on.ts';
import type { Answer } from './running-relay.ts';

const off = (what: string): LiveBench => ({
  what,
  kind: 'balance',
  meaning: 'No credit.',
  sinceMs: 0,
  untilMs: null,
  off: true,
});
const short = (what: string): LiveBench => ({ ...off(what), untilMs: 5, off: false });

const BENCHES = [
  off('account qwen-a'),
  off('secret 2 of qwen-a'),
  short('channel qwen-a/qwen3-max'),
  short('channel router/openai/gpt-5'),
  off('secret 1 of qwen-ab'),
  short('model qwen/singapore/qwen3-max'),
];

const ON: Answer = { status: 200, body: '{}' };

async function run(
  words: readonly string[],
  { benches = BENCHES, post = () => ON }: { benches?: readonly LiveBench[]; post?: () => Answer } = {},
) {
  let out = '';
  const posted: { readonly url: string; readonly what: string }[] = [];
  await onCommand({
    addressOf: () => 'http://127.0.0.1:4290',
    get: async () => ({ status: 200, body: JSON.stringify({ atMs: 0, benches }) }),
    post: async (url, body) => {
      posted.push({ url, what: (JSON.parse(body) as { what: string }).what });
      return post();
    },
    write: (text) => {
      out += text;
    },
  })
    .exitOverride()
    .parseAsync(['node', 'on', ...words]);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal
  return { out: out.replace(/\x1b\[\d+m/g, ''), posted };
}

test('a whole name means that bench alone, in one word or in several', async () => {
  for (const words of [['account', 'qwen-a'], ['account qwen-a']]) {
    const { out, posted } = await run(words);
    assert.deepEqual(posted, [{ url: 'http://127.0.0.1:4290/live/switch-on', what: 'account qwen-a' }]);
    assert.equal(out, 'account qwen-a is switched on again. It was left alone because of: No credit.\n');
  }
  const { posted } = await run(['secret', '2', 'of', 'qwen-a', '--url', 'http://127.0.0.1:9/v1/']);
  assert.deepEqual(posted, [{ url: 'http://127.0.0.1:9/live/switch-on', what: 'secret 2 of qwen-a' }]);
});

test('a bench that would end by itself is said to be over', async () => {
  const { out } = await run(['channel', 'router/openai/gpt-5']);
  assert.match(out, /^channel router\/openai\/gpt-5 may be tried again at once\./);
});

test('the id of an account means all that is its own, the id of a channel that channel', () => {
  const meant = (asked: string): string[] => benchesMeant(asked, BENCHES).map(({ what }) => what);
  assert.deepEqual(meant('qwen-a'), ['account qwen-a', 'secret 2 of qwen-a', 'channel qwen-a/qwen3-max']);
  assert.deepEqual(meant('qwen-a/qwen3-max'), ['channel qwen-a/qwen3-max']);
  assert.deepEqual(meant('router/openai/gpt-5'), ['channel router/openai/gpt-5']);
  assert.deepEqual(meant('router'), ['channel router/openai/gpt-5']);
  assert.deepEqual(meant('qwen-ab'), ['secret 1 of qwen-ab']);
  assert.deepEqual(meant('qwen/singapore/qwen3-max'), ['model qwen/singapore/qwen3-max']);
  for (const none of ['qwen', 'qwen3-max', 'account', 'openai', '2', 'account qwen-ab', ''])
    assert.deepEqual(meant(none), [], none);
});

test('what is meant is switched on one by one, and what has ended meanwhile is no error', async () => {
  const answers = [ON, { status: 404, body: '{}' }, ON];
  const { out, posted } = await run(['qwen-a'], { post: () => answers.shift() ?? assert.fail('too many') });
  assert.equal(posted.length, 3);
  assert.deepEqual(
    out.split('\n').map((line) => line.split('. ')[0]),
    [
      'account qwen-a is switched on again',
      'secret 2 of qwen-a is benched no more.',
      'channel qwen-a/qwen3-max may be tried again at once',
      '',
    ],
  );
});

test('what is not benched is an error with the nearest names, and nothing is switched on', async () => {
  const complaint = async (...words: string[]): Promise<string> => {
    try {
      await run(words, { post: () => assert.fail('nothing may be switched on') });
    } catch (error) {
      return error instanceof Error ? error.message : '';
    }
    return assert.fail('no error');
  };
  assert.equal(
    await complaint('secret', '1', 'of', 'qwen-a'),
    "'secret 1 of qwen-a' is neither benched nor switched off: did you mean 'account qwen-a' or " +
      "'secret 2 of qwen-a' or 'channel qwen-a/qwen3-max'?",
  );
  assert.match(await complaint('qwne-ab'), /did you mean 'secret 1 of qwen-ab'\?$/);
  assert.match(await complaint('acount', 'qwen-a'), /did you mean 'account qwen-a'/);
  assert.match(await complaint('router/openai/gpt-6'), /did you mean 'channel router\/openai\/gpt-5'\?$/);
  assert.match(await complaint('moonshot'), /; see 'sluice benches'$/);
  await assert.rejects(run(['qwen-a'], { benches: [] }), /neither benched nor switched off: nothing is$/);
});

test('a relay that is not there, that is elsewhere or that refuses is a clear error', async () => {
  const error = { error: { message: 'Only from the machine.' } };
  await assert.rejects(
    run(['qwen-ab'], { post: () => ({ status: 403, body: JSON.stringify(error) }) }),
    /relay at http:\/\/127\.0\.0\.1:4290 does not switch on secret 1 of qwen-ab: Only from the machine\.$/,
  );
  await assert.rejects(run(['qwen-ab'], { post: () => ({ status: 500, body: '' }) }), /it does not say why/);
  const doors = { addressOf: () => 'http://relay:1', post: async () => ON, write: () => undefined };
  const asking = (get: () => Promise<Answer>): Promise<unknown> =>
    onCommand({ ...doors, get })
      .exitOverride()
      .parseAsync(['node', 'on', 'qwen-a']);
  await assert.rejects(
    asking(() => Promise.reject(new Error('ECONNREFUSED'))),
    /no relay answers at http:\/\/relay:1: start it/,
  );
  await assert.rejects(
    asking(async () => ({ status: 401, body: '' })),
    /relay at http:\/\/relay:1 takes this from its own machine alone$/,
  );
});
