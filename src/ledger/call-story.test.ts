import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { nanoOf } from '../domain/cost.ts';
import type { CallEntry } from '../domain/entry.ts';
import { USUAL_MONEY } from '../domain/money.ts';
import type { Usage } from '../domain/usage.ts';
import type { Database } from '../storage/database.ts';
import { openDatabase } from '../storage/open-database.ts';
import { type FreshPlace, freshDatabase } from '../testing/databases.ts';
import { someEntry, writeEntries } from '../testing/entries.ts';
import { shippedChannel } from '../testing/priced-channel.ts';
import { callStory, duration, forTenant, storyLines, type ToldCall } from './call-story.ts';
import { createPricing } from './pricing.ts';

const usage: Usage = {
  input: 40_000,
  cacheRead: 2_000,
  cacheWrite: 0,
  output: 700,
  reasoning: 300,
  source: 'upstream',
};

function priced(region: string, free = false): CallEntry['money'] {
  const settings = { ...USUAL_MONEY, priceFactor: '0.88' };
  const pricing = createPricing({
    now: () => Date.UTC(2026, 10, 26),
    settings: () => settings,
    usualRates: { CNY: '0.14' },
  });
  const channel = shippedChannel('qwen', 'qwen3-max', { account: 'a', region });
  return pricing.costOf({
    key: { id: 'k' } as never,
    served: 'qwen3-max',
    channel,
    usage,
    free,
  });
}

describe('the story of a call', () => {
  let place: FreshPlace;
  let database: Database;
  before(async () => {
    place = await freshDatabase('sqlite');
    database = await openDatabase(place.place);
  });
  after(async () => {
    await database.close();
    await place.remove();
  });
  let written = 0;
  /** As it comes out of the database. */
  async function told(changed: Partial<CallEntry>): Promise<ToldCall> {
    written += 1;
    const id = `req_${written}`;
    const entry = someEntry({ id, arrivedAtMs: Date.UTC(2026, 10, 26, 14, 0, 1, 234), ...changed });
    await writeEntries(database, [entry], async () => {});
    return (await callStory(database, id)) ?? assert.fail('it is not there');
  }

  it('does the arithmetic of its cost over, by the tier and the price that were frozen', async () => {
    for (const [region, sign, rate] of [
      ['singapore', '$', '1'],
      ['beijing', '¥', '0.14'],
    ] as const) {
      const money = priced(region);
      const lines = storyLines(await told({ usage, money }));
      const parts = lines.flatMap((line) => {
        const [, amount] = /^ {2}[\d,]+ .* x .* a million = [$¥]([\d.]+)$/.exec(line) ?? [];
        return amount === undefined ? [] : [amount];
      });
      assert.equal(parts.length, 3);
      assert.ok(lines.some((line) => line.includes(` = ${sign}${parts[0]}`)));
      const sum = parts.reduce((all, part) => all + nanoOf(part), 0n);
      assert.equal((sum * nanoOf(rate)) / 1_000_000_000n, money.listNano);
      assert.ok(
        lines.some((line) => /tier above 32,000 tokens of input/.test(line)),
        lines.join('\n'),
      );
      assert.ok(lines.some((line) => /^Charged: \$.*, the list price x 0\.88\.$/.test(line)));
      assert.equal(
        lines.some((line) => line.includes('¥1 being $0.14')),
        region === 'beijing',
      );
    }
  });

  it('says when nothing is charged, when nothing was used, and when nobody knows the price', async () => {
    const failed = {
      served: null,
      end: 'failed',
      failure: 'connection',
      status: 502,
      firstContentMs: null,
    } as const;
    assert.ok(
      storyLines(await told({ ...failed, usage, money: priced('singapore', true) })).includes(
        'Charged: nothing, for it failed before its first content.',
      ),
    );
    const nothing = {
      price: null,
      priceRow: null,
      factor: '1',
      listNano: 0n,
      upstreamNano: 0n,
      chargedNano: 0n,
    };
    const unused = storyLines(await told({ ...failed, usage: null, money: nothing }));
    assert.deepEqual(unused.slice(-2), ['It used nothing.', 'It cost nothing.']);
    const unknown = { ...nothing, listNano: null, upstreamNano: null, chargedNano: null };
    const lines = storyLines(await told({ money: unknown }));
    assert.equal(lines.at(-1), 'What it cost is not known: its model had no price.');
    assert.ok(lines.every((line) => !line.includes('$')));
  });

  it('tells fallbacks, seams, and calls that were never sent', async () => {
    const lines = storyLines(
      await told({
        story: {
          attempts: [],
          fallbacks: [{ from: 'qwen3-max', to: 'qwen-plus', reason: 'no_channel' }],
          resumed: [{ from: 'a/x', to: 'b/x', reason: 'stream_died' }],
        },
      }),
    );
    assert.ok(lines.includes('It was never sent to anybody.'));
    assert.ok(lines.includes('It fell back from qwen3-max to qwen-plus: no_channel.'));
    assert.ok(lines.includes('Its answer broke off on a/x (stream_died) and was continued on b/x.'));
    const { entry } = await told({ queueMs: 2_000, attempts: 3 });
    const old = storyLines({ entry, story: null });
    assert.ok(
      old.includes('It waited 2.00 s in line in all, and was tried 3 times; the details are no longer kept.'),
    );
  });

  it('does not miss details that there never were', async () => {
    const lines = async (changed: Partial<CallEntry>): Promise<string> => {
      const { entry } = await told({ queueMs: 0, ...changed });
      return storyLines({ entry, story: null }).join('\n');
    };
    const once = 'It did not wait in line, and was sent once.';
    assert.ok((await lines({ attempts: 1, failure: null })).includes(once));
    const gone = { failure: 'client_gone', end: 'client_gone', firstContentMs: 5 } as const;
    assert.ok((await lines({ attempts: 1, ...gone })).includes(once));
    assert.match(await lines({ attempts: 0, failure: 'insufficient_funds' }), /and was sent to nobody\./);
    const failed = { attempts: 1, failure: 'upstream_error', firstContentMs: null } as const;
    assert.match(await lines(failed), /no longer kept/);
  });

  it('for a tenant has numbers in the place of channels, and nothing of what the house pays', async () => {
    const attempts = [
      {
        channel: 'qwen-main/x',
        queueMs: 0,
        startedAtMs: 1,
        failure: 'burst' as const,
        detail: 'qwen-main is over',
      },
      { channel: 'qwen-two/x', queueMs: 0, startedAtMs: 2 },
      { channel: 'qwen-main/x', queueMs: 0, startedAtMs: 3 },
    ];
    const call = await told({
      usage,
      money: priced('singapore'),
      channel: 'qwen-main/x',
      account: 'qwen-main',
      story: {
        attempts,
        fallbacks: [],
        resumed: [{ from: 'qwen-two/x', to: 'qwen-main/x', reason: 'stream_died' }],
      },
    });
    const hidden = forTenant(call);
    assert.deepEqual(
      hidden.story?.attempts.map(({ channel }) => channel),
      ['channel 1', 'channel 2', 'channel 1'],
    );
    const text = `${JSON.stringify(hidden, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}${storyLines(hidden).join('\n')}`;
    assert.doesNotMatch(text, /qwen-main|qwen-two|Paid|margin|costFactor|"own"/);
    assert.match(text, /continued on channel 1/);
    assert.match(storyLines(call).join('\n'), /Paid to the provider: .* margin -\$/);
    assert.equal(forTenant({ entry: call.entry, story: null }).story, null);
  });

  it('has times as people say them', async () => {
    assert.deepEqual([0, 0.4, 12, 999, 1_500, 12_340, 61_000].map(duration), [
      '0 ms',
      '0.4 ms',
      '12 ms',
      '999 ms',
      '1.50 s',
      '12.3 s',
      '1 min 1 s',
    ]);
  });
});
