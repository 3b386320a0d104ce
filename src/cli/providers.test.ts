import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { providers } from '../providers/index.ts';
import { providersCommand } from './providers.ts';

async function shown(...words: string[]): Promise<string> {
  let text = '';
  const command = providersCommand({ write: (more) => (text += more) }).exitOverride();
  await command.parseAsync(words, { from: 'user' });
  return stripVTControlCharacters(text);
}

describe('sluice providers', () => {
  it('has a line for each, with its dialects and the variable of its secret', async () => {
    const lines = (await shown()).trimEnd().split('\n');
    assert.equal(lines.length, providers.length);
    for (const [index, { id }] of providers.entries()) assert.ok(lines[index]?.startsWith(`${id} `), id);
    assert.match(
      lines.find((line) => line.startsWith('deepseek')) ?? '',
      /chat, messages\s+DEEPSEEK_API_KEY$/,
    );
    assert.match(lines.find((line) => line.startsWith('ollama')) ?? '', /no secret$/);
    assert.match(lines.find((line) => line.startsWith('xai')) ?? '', /global us$/);
  });

  it('tells all of one', async () => {
    const text = await shown('deepseek');
    for (const piece of [
      'DeepSeek (deepseek) speaks chat, messages',
      'https://api.deepseek.com/v1',
      'deepseek-v4-pro: concurrency 500',
      'It does not know the role `developer`',
    ])
      assert.ok(text.includes(piece), piece);
    assert.ok(
      (await shown('azure')).includes('with base_url: https://{resource}.openai.azure.com/openai/v1'),
    );
  });

  it('tells the same as JSON', async () => {
    const all = JSON.parse(await shown('--json'));
    assert.deepEqual(
      all.map(({ id }: { id: string }) => id),
      providers.map(({ id }) => id),
    );
    const one = JSON.parse(await shown('qwen', '--json'));
    assert.equal(one.addresses.beijing, 'https://dashscope.aliyuncs.com/compatible-mode/v1');
    assert.equal(one.limits['qwen3-max'].rpm, 600);
    assert.deepEqual(one.dialects, ['openai-chat', 'anthropic-messages', 'openai-responses']);
  });

  it('names those there are, where one is asked for that is not', async () => {
    await assert.rejects(shown('qwne'), /no provider 'qwne': one of qwen, openai/);
  });
});
