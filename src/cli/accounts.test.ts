import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { Command } from 'commander';
import type { Database } from '../storage/database.ts';
import { openDatabase } from '../storage/open-database.ts';
import { type FreshPlace, freshDatabase } from '../testing/databases.ts';
import { createUpstreamHouse, HOUSE_KEY, type UpstreamHouse } from '../testing/upstream-house.ts';
import { limitsOf, settingsOf } from './account-flags.ts';
import { type AccountDoors, accountsCommand } from './accounts.ts';
import { channelsCommand } from './channels.ts';
import { secretFrom } from './read-secret.ts';

const YAML =
  'accounts: [{ id: own, provider: simulator, secrets: [secret-of-the-file-01], models: [qwen3-max] }]';
const CANARY = 'sk-canary-4f9a1c7e0001';

describe('accounts and channels from the command line', () => {
  let fresh: FreshPlace;
  let database: Database;
  let house: UpstreamHouse;
  let exitCode: number | undefined;
  const sent: string[] = [];
  before(async () => {
    fresh = await freshDatabase('sqlite');
    database = await openDatabase(fresh.place);
    house = createUpstreamHouse({
      database,
      yaml: YAML,
      test: async ({ accounts }) =>
        accounts.map(({ id, secrets }) => ({
          channel: `${id}/x`,
          ok: secrets.length > 0,
          detail: secrets.length > 0 ? 'answered' : 'no secret',
          ms: 3,
        })),
    });
  });
  after(async () => {
    await house.admin.close();
    await database.close();
    await fresh.remove();
  });

  async function run(
    make: (doors: AccountDoors & { sleep(ms: number): Promise<void> }) => Command,
    words: string,
    input = '',
  ): Promise<string> {
    let out = '';
    exitCode = undefined;
    const command = make({
      addressOf: () => 'http://127.0.0.1:4290',
      adminKeyOf: () => 'an admin key',
      async send({ method, url, headers, body }) {
        sent.push(`${method} ${url} ${body ?? ''}`);
        const { authorization: _, 'content-type': _type, ...rest } = headers;
        const reply = await house.admin.ask(
          `${method} ${url.replace('http://127.0.0.1:4290/admin/v1', '')}`,
          {
            headers: rest,
            ...(body === undefined ? {} : { body: JSON.parse(body) as unknown }),
          },
        );
        return { status: reply.status, headers: reply.headers as Record<string, string>, body: reply.text };
      },
      write: (text) => {
        out += text;
      },
      env: { MY_SECRET: CANARY },
      readInput: async () => input,
      readFile: () => '{"tier":2}',
      setExitCode: (code) => {
        exitCode = code;
      },
      sleep: async () => undefined,
    });
    command.exitOverride();
    await command.parseAsync(words.split(' '), { from: 'user' });
    return stripVTControlCharacters(out);
  }
  const accounts = (words: string, input?: string): Promise<string> => run(accountsCommand, words, input);
  const channels = (words: string): Promise<string> => run(channelsCommand, words);

  it('are added with a secret that stands in no argument and in no output', async () => {
    const out = await accounts(
      'add sim -p simulator --models qwen-plus,qwen-turbo --limits rpm=60,tpm=off --env MY_SECRET --settings x.json',
    );
    assert.match(out, /^sim {2}simulator, of the database, in force$/m);
    assert.match(out, /secrets: {2}1/);
    assert.ok(!out.includes(CANARY));
    const account = house.stored.config().accounts.find(({ id }) => id === 'sim');
    assert.deepEqual(account?.limits, { rpm: 60, tpm: 'off' });
    assert.deepEqual([account?.tier, account?.secrets], [2, [CANARY]]);
    assert.match(
      await accounts('list'),
      /own +simulator +file +yes +1 +1[\s\S]*sim +simulator +database +yes +1 +2/,
    );
    assert.match(
      await accounts('list --source file --csv'),
      /^id,provider,source[^\n]*\r\nown,simulator,file,true,1,1,\r\n$/,
    );
  });

  it('get and lose secrets by standard input and by id', async () => {
    const out = await accounts('secrets add sim', `${CANARY}-2\n`);
    assert.match(out, /^secret_\w+ \(…01-2\) is in force\.$/m);
    const id = /secret_\w+/.exec(out)?.[0] ?? '';
    assert.match(await accounts('secrets list sim'), new RegExp(`${id} +…01-2`));
    await assert.rejects(accounts('secrets add sim', ''), /no secret came by standard input/);
    await assert.rejects(accounts('secrets add sim --env NOT_SET'), /NOT_SET is not set/);
    assert.match(await accounts(`secrets remove sim ${id}`), /is removed/);
    await assert.rejects(accounts(`secrets remove sim ${id}`), /There is no secret/);
  });

  it('are changed piece by piece, and it is told when that takes secrets away', async () => {
    const out = await accounts('edit sim --set limits.concurrency=4 --unset limits.tpm --weight 3');
    assert.match(out, /"concurrency":4/);
    assert.deepEqual(house.stored.config().accounts.find(({ id }) => id === 'sim')?.limits, {
      rpm: 60,
      concurrency: 4,
    });
    const moved = await accounts('edit sim --base-url https://elsewhere.example/v1');
    assert.match(moved, /1 of its secrets was removed: they were for the address that it had/);
    await assert.rejects(
      accounts('edit sim --weight none'),
      /^Error: settings\.weight: expected a number above 0/,
    );
    await assert.rejects(accounts('edit own --weight 2'), /stands in the configuration file/);
    await assert.rejects(accounts('edit sim --set weight'), /--set: expected name=value, got 'weight'/);
  });

  it('are tested, with an exit code that says so', async () => {
    assert.match(await accounts('test sim'), /FAILED +sim\/x +3 ms +no secret/);
    assert.equal(exitCode, 1);
    assert.match(await accounts('test own'), /ok +own\/x/);
    assert.equal(exitCode, undefined);
  });

  it('are shown with what is wrong with them', async () => {
    assert.match(
      await accounts('add later -p openai --models gpt-5'),
      /not in force[\s\S]*`sluice accounts secrets add later` asks for its secret\.\n$/,
    );
    assert.match(await accounts('show later'), /not in force\n {2}! secrets: it has no secret yet: add one/);
    const shown = JSON.parse(await accounts('show later --json')) as { in_force: boolean };
    assert.equal(shown.in_force, false);
    assert.match(await accounts('remove later'), /later is removed/);
    await assert.rejects(accounts('show later'), /There is no account 'later'/);
  });

  it('have channels that are paused, drained and resumed', async () => {
    assert.match(await channels('list'), /own\/qwen3-max +active +0 +rpm/);
    assert.match(
      await channels('pause own/qwen3-max sim/qwen-plus'),
      /own\/qwen3-max takes no calls\.\nsim\/qwen-plus takes no calls\./,
    );
    assert.match(await channels('list --state paused'), /own\/qwen3-max[\s\S]*sim\/qwen-plus/);
    await channels('resume own/qwen3-max');
    const calls = house.app.rooms.limiter;
    const channel =
      house.app.front.snapshot().catalog.channels.find(({ id }) => id === 'own/qwen3-max') ?? assert.fail();
    const permit = calls.reserve(
      channel,
      { inputTokens: 1, outputTokens: 1, maxOutputTokens: 1 },
      { nowMs: house.clock.now() },
    );
    assert.match(await channels('drain own/qwen3-max'), /takes no new calls\. 1 still runs\./);
    assert.match(await channels('list --account own'), /own\/qwen3-max +draining +1/);
    const drained = channels('drain own/qwen3-max --wait');
    if ('cancel' in permit) permit.cancel();
    assert.match(await drained, /takes no new calls\.$/m);
    assert.match(await channels('list --account own'), /own\/qwen3-max +drained +0/);
    assert.match(await channels('resume own/qwen3-max'), /takes calls again/);
    await assert.rejects(channels('pause none/x'), /There is no channel 'none\/x'/);
  });

  it('have channels with limits of their own', async () => {
    assert.match(
      await channels('limits own/qwen3-max rpm=30 tpm=off --tier 1'),
      /in force: .*rpm 30.*; tier 1[\s\S]*its own: {2}rpm 30, tpm off; tier 1/,
    );
    assert.match(await channels('limits own/qwen3-max rpm='), /its own: {2}tpm off; tier 1/);
    assert.match(await channels('limits own/qwen3-max --clear'), /its own: {2}none\n/);
    await assert.rejects(channels('limits own/qwen3-max rpm=-1'), /^Error: settings\.limits\.rpm/);
    assert.match(await channels('on own/qwen3-max'), /Nothing held own\/qwen3-max back/);
  });

  it('never send a secret where it could be read', () => {
    const withSecret = sent.filter((line) => line.includes(CANARY));
    assert.ok(withSecret.length > 0);
    for (const line of withSecret)
      assert.match(line, /^POST http:\/\/127\.0\.0\.1:4290\/admin\/v1\/accounts(\/sim\/secrets)? \{/);
    assert.ok(!sent.some((line) => line.includes(HOUSE_KEY)));
  });
});

describe('settings on the command line', () => {
  const read = (): string => assert.fail('no file was named');

  it('become those of the file', () => {
    assert.deepEqual(settingsOf({}, read), {});
    assert.deepEqual(
      settingsOf(
        {
          region: 'singapore',
          models: 'a, b,',
          limits: 'rpm=1',
          set: ['limits.tpm=2', 'set.store=false', 'on_client_gone=drain(30s)'],
          unset: ['weight'],
        },
        read,
      ),
      {
        region: 'singapore',
        models: ['a', 'b'],
        limits: { rpm: '1', tpm: 2 },
        set: { store: false },
        on_client_gone: 'drain(30s)',
        weight: null,
      },
    );
    assert.deepEqual(limitsOf(['rpm=1', 'tpm=', ' rps = off ']), { rpm: '1', tpm: null, rps: 'off' });
    assert.throws(() => limitsOf(['rpm']), /expected name=value, got 'rpm'/);
    assert.throws(() => settingsOf({ settings: 'x.json' }, () => '[1]'), /x\.json: expected a JSON object/);
  });
});

describe('a secret', () => {
  it('comes without the line break that a pipe adds', async () => {
    const doors = { env: {}, readInput: async () => ' secret \n' };
    assert.equal(await secretFrom(doors, { variable: undefined, question: '' }), 'secret');
  });
});
