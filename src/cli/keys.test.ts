import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Command } from 'commander';
import { openDatabase } from '../storage/open-database.ts';
import { type FreshPlace, freshDatabase } from '../testing/databases.ts';
import { type PeopleFront, peopleFront } from '../testing/people-front.ts';
import { keysCommand, type PeopleCommandDoors } from './keys.ts';
import { projectsCommand, tenantsCommand } from './tenants.ts';

describe('keys, tenants and projects on the command line', () => {
  let fresh: FreshPlace;
  let people: PeopleFront;
  let out = '';
  before(async () => {
    fresh = await freshDatabase('sqlite');
    people = peopleFront(await openDatabase(fresh.place));
  });
  after(async () => {
    await people.close();
    await people.database.close();
    await fresh.remove();
  });

  const doors: PeopleCommandDoors = {
    addressOf: () => 'http://relay',
    adminKeyOf: () => 'the-admin-key',
    async send({ method, url, headers, body }) {
      assert.equal(headers['authorization'], 'Bearer the-admin-key');
      const reply = await people.ask(`${method} ${url.replace('http://relay/admin/v1', '')}`, {
        headers,
        ...(body === undefined ? {} : { body }),
      });
      const heard = Object.fromEntries(
        Object.entries(reply.headers).map(([each, value]) => [each, String(value)]),
      );
      return { status: reply.status, headers: heard, body: reply.text };
    },
    write: (text) => {
      out += text;
    },
    nowMs: () => Date.UTC(2026, 0, 1),
  };
  const COMMANDS: Readonly<Record<string, (doors: PeopleCommandDoors) => Command>> = {
    keys: keysCommand,
    tenants: tenantsCommand,
    projects: projectsCommand,
  };
  const run = async (line: string): Promise<string> => {
    out = '';
    const [word = '', ...args] = line.split(' ');
    const command = COMMANDS[word]?.(doors) ?? assert.fail(word);
    for (const each of [command, ...command.commands])
      each.exitOverride().configureOutput({ writeErr: () => {} });
    await command.parseAsync(['node', word, ...args]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal
    return out.replace(/\x1b\[\d+m/g, '');
  };
  const json = async (line: string): Promise<Record<string, unknown>> =>
    JSON.parse(await run(`${line} --json`)) as Record<string, unknown>;

  it('a key is made with all that may be said of it, and printed once', async () => {
    const text = await run(
      'keys create web -l Site --expires 90d --models a,b --endpoints chat --addresses 10.0.0.0/8 --rpm 60 --tpm off ' +
        '--on-limit reject --priority batch --weight 2 --fallback off --fallbacks c --objects on --budget day=5 ' +
        '--budget total=100.5 --note owner=me',
    );
    assert.match(text, /^web is made\. What clients send, shown this once:\n\n {2}sk-sluice-[\w-]{43}\n$/);
    const { created_at: _, updated_at: __, words: ___, ...view } = await json('keys show web');
    assert.deepEqual(view, {
      ...{ id: 'web', label: 'Site', expires_at: '2026-04-01T00:00:00.000Z', models: ['a', 'b'], version: 1 },
      ...{ endpoints: ['chat'], addresses: ['10.0.0.0/8'], limits: { rpm: 60 }, on_limit: 'reject' },
      ...{ priority: 'batch', weight: 2, fallback: false, fallbacks: ['c'], objects: true, state: 'active' },
      ...{
        budgets: { day: '5', total: '100.5' },
        metadata: { owner: 'me' },
        tenant: 'default',
        project: null,
      },
      ...{ source: 'database', shadowed: false },
    });
  });

  it('for scripts there is the key and nothing else', async () => {
    assert.match(await run('keys create script --quiet'), /^sk-sluice-[\w-]{43}\n$/);
    assert.match(await run('keys rotate script -q --overlap 0'), /^sk-sluice-[\w-]{43}\n$/);
  });

  it('an edit leaves alone what it says nothing of, and takes away what is off', async () => {
    await run('keys create edit --rpm 5 --tpm 6 --budget day=1 --note a=1 --models x');
    await run(
      'keys edit edit --rpm off --concurrency 3 --budget day=off --budget week=2 --note b=2 --models off',
    );
    const { limits, budgets, metadata, models } = await json('keys show edit');
    assert.deepEqual(
      { limits, budgets, metadata, models },
      {
        ...{
          limits: { tpm: 6, concurrency: 3 },
          budgets: { week: '2' },
          metadata: { a: '1', b: '2' },
          models: null,
        },
      },
    );
    await assert.rejects(run('keys edit edit'), /say what is to be changed/);
    await assert.rejects(run('keys edit edit --rpm many'), /number above 0, or off/);
    await assert.rejects(run('keys edit in-file --rpm 1'), /configuration file/);
    await assert.rejects(run('keys edit nobody --rpm 1'), /no key 'nobody'/);
    await assert.rejects(run('keys edit edit --expires someday'), /--expires: expected a date/);
  });

  it('all are listed, with where they are from and how they stand', async () => {
    await run('keys create gone');
    assert.equal(await run('keys revoke gone'), 'gone is revoked.\n');
    const text = await run('keys list');
    assert.match(text, /^id +label +tenant +key +state +expires +limits +budgets/);
    assert.match(text, /^web +Site +default +sk-sluice-[\w-]{4}… +active +2026-04-01 +rpm/m);
    assert.match(text, /^gone .* revoked/m);
    assert.match(text, /^in-file +Of .* +default .* active \(file\)/m);
    assert.doesNotMatch(text, /sk-sluice-[\w-]{5}/);
    assert.match(await run('keys list --state revoked'), /^gone /m);
    assert.equal(await run('keys list --tenant nobody'), 'There are none.\n');
    assert.equal(
      (await run('keys --csv')).split('\r\n')[0],
      'id,label,tenant,key,state,expires,limits,budgets',
    );
  });

  it('tenants and projects are made, changed, listed and deleted', async () => {
    assert.equal(
      await run('tenants create acme -n Acme --wallet postpaid --credit-limit 50 --budget month=100'),
      'acme is made.\n',
    );
    await run('tenants edit acme --active off --budget day=3');
    const { active, budgets } = await json('tenants show acme');
    assert.deepEqual([active, budgets], [false, { day: '3', month: '100' }]);
    assert.match(
      await run('tenants'),
      /^acme +Acme +no +postpaid to -\$50 +\$3\/day \$100\/month +database/m,
    );
    await run('projects create site --tenant acme -n Site --budget week=7');
    assert.match(await run('projects list -t acme'), /^site +Site +acme +\$7\/week +database/m);
    await assert.rejects(run('tenants delete acme'), /1 projects on record/);
    assert.equal(await run('projects delete site'), 'site is deleted.\n');
    assert.equal(await run('tenants delete acme'), 'acme is deleted.\n');
    assert.match(await run('tenants show default'), /^source +built-in$/m);
    await assert.rejects(run('tenants edit of-file --active off'), /configuration file/);
    await assert.rejects(run('tenants create t --wallet cash'), /none, prepaid, postpaid/);
  });
});
