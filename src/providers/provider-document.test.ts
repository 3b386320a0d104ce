import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { providers } from './index.ts';
import { providersMarkdown } from './provider-document.ts';
import { factsOf, limitsText } from './provider-facts.ts';

const page = providersMarkdown();

describe('the page of the providers', () => {
  it('has a row and a section for each, and the row leads to the section', () => {
    const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, name = '']) => name);
    assert.deepEqual(
      headings,
      providers.map(({ name }) => name),
    );
    for (const { id, name } of providers) {
      const anchor = name.toLowerCase().replaceAll(' ', '-');
      assert.ok(page.includes(`| [${name}](#${anchor}) | \`${id}\` |`), id);
    }
  });

  it('tells every variable, region, quirk and source', () => {
    for (const { variables, regions, quirks, sources } of providers) {
      for (const name of [...variables, ...regions]) assert.ok(page.includes(`\`${name}\``), name);
      for (const { what } of quirks) assert.ok(page.includes(what), what);
      for (const source of sources) assert.ok(page.includes(`<${source}>`), source);
    }
  });

  it('links threads and documents', () => {
    assert.match(
      page,
      /\(\[earendil-works\/pi#2017\]\(https:\/\/github\.com\/earendil-works\/pi\/issues\/2017\)\)/,
    );
    assert.doesNotMatch(page, /\]\(undefined|\[object|<https[^>]*,/);
  });
});

describe('the facts of a provider', () => {
  const facts = (id: string) => factsOf(providers.find((each) => each.id === id) ?? assert.fail(id));

  it('are its dialects at some address of its own or of its forms', () => {
    assert.deepEqual(facts('azure').dialects, ['openai-chat', 'openai-responses', 'anthropic-messages']);
    assert.deepEqual(facts('groq').dialects, ['openai-chat']);
    assert.deepEqual(facts('anthropic-compatible').dialects, ['anthropic-messages']);
  });

  it('are limits without what follows from others', () => {
    assert.equal(limitsText({ rpm: 600, rps: 10, tpm: 1_000_000, tps: 16_667 }), 'rpm 600, tpm 1,000,000');
    assert.equal(limitsText({ rps: 30, concurrency: 5 }), 'rps 30, concurrency 5');
    assert.deepEqual(facts('minimax').limits['MiniMax-M3'], { rpm: 200, tpm: 10_000_000 });
    assert.deepEqual(facts('groq').limits, {});
  });
});
