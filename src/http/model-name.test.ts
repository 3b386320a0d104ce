import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Model } from '../domain/channel.ts';
import { askedModel, claudeAlias } from './model-name.ts';

const NAMES = ['qwen3-max', 'llama3:free', 'claude-via-me', 'a/b'];
const models = new Map(
  NAMES.map((name): [string, Model] => [
    name,
    { name, channels: [], strategy: 'weighted', fallbacks: [], affinity: true },
  ]),
);
const catalog = { resolve: (name: string) => models.get(name), models: [...models.values()], channels: [] };
const asked = (written: string, claudeAliases = true): string | undefined => {
  const found = askedModel(written, { catalog, claudeAliases });
  return found && [found.model.name, found.ending].filter(Boolean).join(' ');
};

describe('the name of a model', () => {
  it('that exists as it is written means itself', () => {
    for (const name of NAMES) assert.equal(asked(name), name);
  });

  it('may be the one that Claude Code keeps, where that is offered', () => {
    assert.equal(asked('claude-via-a/b'), 'a/b');
    assert.equal(asked('claude-via-a/b', false), undefined);
    assert.equal(asked('claude-via-claude-via-me'), 'claude-via-me');
    assert.equal(asked('claude-via-nothing'), undefined);
  });

  it('may have an ending of OpenRouter', () => {
    assert.equal(asked('qwen3-max:nitro'), 'qwen3-max nitro');
    assert.equal(asked('claude-via-qwen3-max:floor'), 'qwen3-max floor');
    assert.equal(asked('qwen3-max:free', false), 'qwen3-max free');
    assert.equal(asked('llama3:floor'), undefined);
    assert.equal(asked('qwen3-max:7b'), undefined);
  });

  it('gets a second one that is understood again, unless it needs none', () => {
    for (const name of NAMES) assert.equal(asked(claudeAlias(name) ?? name), name);
    assert.equal(claudeAlias('anthropic/claude-5'), undefined);
  });
});
