import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Command } from 'commander';
import { USUAL_MONEY } from '../domain/money.ts';
import { factorRoutes } from '../http/admin/factor-routes.ts';
import { priceRoutes } from '../http/admin/price-routes.ts';
import { readMoneyRows } from '../ledger/money-rows.ts';
import { createPricing } from '../ledger/pricing.ts';
import { serveAdmin } from '../testing/admin-ask.ts';
import { onEachDatabase } from '../testing/databases.ts';
import { madeUpChannel, shippedChannel } from '../testing/priced-channel.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import type { AdminDoors } from './admin-client.ts';
import { factorsCommand } from './factors.ts';
import { pricesCommand } from './prices.ts';

const OFFERS = [
  { model: 'qwen3-max', channel: shippedChannel('qwen', 'qwen3-max', { account: 'a', region: 'singapore' }) },
  { model: 'house', channel: madeUpChannel([], { account: 'own' }) },
];

onEachDatabase((_name, open) => {
  it('prices and factors are set, shown, tried and taken back from the command line', async () => {
    const database = await open();
    const clock = createVirtualClock({ startMs: Date.UTC(2026, 10, 26) });
    const factors = [{ id: 'file:tenant=acme', tenant: 'acme', factor: '0.88', fromMs: 0 }];
    const settings = { ...USUAL_MONEY, factors };
    const pricing = createPricing({ now: clock.now, settings: () => settings, usualRates: {} });
    const doors = {
      ...{ database, pricing, offers: () => OFFERS },
      changed: async () => pricing.load(await readMoneyRows(database.query, clock.now())),
    };
    const { ask, close } = serveAdmin({
      routes: [...priceRoutes(doors), ...factorRoutes(doors)],
      database,
      clock,
    });
    let out = '';
    const terminal: AdminDoors = {
      addressOf: () => 'http://relay',
      adminKeyOf: () => 'key',
      async send({ method, url, headers, body }) {
        const { authorization: _key, ...rest } = headers;
        const path = url.replace('http://relay/admin/v1', '');
        const said = body === undefined ? {} : { body };
        const answer = await ask(`${method} ${path}`, { headers: rest, ...said });
        return { status: answer.status, headers: {}, body: answer.text };
      },
      write: (text) => {
        out += text;
      },
    };
    const run = async (make: (doors: AdminDoors) => Command, args: string): Promise<string> => {
      out = '';
      await make(terminal)
        .exitOverride()
        .parseAsync(['node', 'sluice', ...args.split(' ').filter((each) => each !== '')]);
      await clock.advance(1_000);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal
      return out.replace(/\x1b\[\d+m/g, '');
    };

    assert.match(await run(pricesCommand, ''), /a\/qwen3-max +\$1\.2↑ +\$6↑ +\$0\.24↑ +x 1 +catalogue/);
    assert.match(await run(pricesCommand, 'list --model house'), /own\/m +- +- +- +x 1 +-/);
    const set = 'set --model house --input 0.5 --output 1 --tier 1000:5:6';
    assert.equal(await run(pricesCommand, set), 'Set. For own/m.\n');
    assert.match(await run(pricesCommand, 'list --model house'), /own\/m +\$0\.5↑ +\$1↑ +- +x 1 +database/);
    assert.match(
      await run(pricesCommand, 'quote house --input 2k --output 1k --tenant acme'),
      // 2,000 x $5 + 1,000 x $6 for a million; x 0.88
      /own\/m +0\.016 +0\.88 +0\.01408 +0\.016/,
    );
    assert.match(await run(pricesCommand, 'withdraw --model house'), /^Taken back/);
    assert.match(await run(pricesCommand, 'list --model house'), /own\/m +- /);
    await assert.rejects(run(pricesCommand, 'set --model house'), /at least input or output/);
    await assert.rejects(run(pricesCommand, 'set --input 5'), /one of model, provider, channel/);
    await assert.rejects(
      run(pricesCommand, 'set --model m --input 5 --tier 5'),
      /--tier: expected above:input:output/,
    );

    const id = (await run(factorsCommand, 'set 1.20 --tenant acme --for web')).trim();
    assert.match(id, /^factor_/);
    assert.match(
      await run(factorsCommand, ''),
      /tenant acme, key web +1\.2 +2026-11-26T00:00 [\s\S]*tenant acme +0\.88 +the file/,
    );
    assert.equal(await run(factorsCommand, `end ${id}`), `Ended ${id}.\n`);
    assert.doesNotMatch(await run(factorsCommand, ''), /key web/);
    assert.match(await run(factorsCommand, 'list --all --csv'), /"?tenant acme, key web"?,1\.2/);
    await assert.rejects(run(factorsCommand, 'set 0 --tenant acme'), /expected a factor above 0/);
    await assert.rejects(run(factorsCommand, 'set 1 --model nobody'), /expected a model that is offered/);
    await close();
  });
});
