import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DialectId } from '../domain/call.ts';
import { providerOf, providers } from './index.ts';
import { providerSuite } from './provider.suite.ts';
import { addressOf, placed } from './provider.ts';

for (const provider of providers) providerSuite(provider);

describe('providers', () => {
  it('are found by their id, and only so', () => {
    for (const provider of providers) assert.equal(providerOf(provider.id), provider);
    assert.equal(new Set(providers.map(({ id }) => id)).size, providers.length);
    assert.equal(providerOf('nobody'), undefined);
    assert.equal(providerOf('constructor'), undefined);
  });

  it('are asked for plain answers as they are, but for Model Studio and what stands in its place', () => {
    const streaming = providers.filter(({ streamsPlain }) => streamsPlain).map(({ id }) => id);
    assert.deepEqual(streaming.toSorted(), ['qwen', 'simulator']);
  });

  const addressAt = (id: string, dialect: DialectId, baseUrl?: string): string | undefined => {
    const provider = providerOf(id) ?? assert.fail(id);
    return addressOf(provider, dialect, baseUrl ?? provider.baseUrl() ?? '');
  };

  it("speak Gemini at Google's, whichever of its two endpoints the account names", () => {
    for (const base of ['v1beta', 'v1beta/openai'].map((path) => `https://g.example/${path}`)) {
      assert.equal(addressAt('gemini', 'gemini', base), 'https://g.example/v1beta/models');
      assert.equal(
        addressAt('gemini', 'openai-chat', base),
        'https://g.example/v1beta/openai/chat/completions',
      );
    }
    const { strangersIn, authorize } = providerOf('gemini') ?? assert.fail();
    assert.equal(strangersIn, 'gemini');
    const headers: Record<string, string> = {};
    authorize(headers, 's', 'gemini');
    assert.deepEqual(headers, { 'x-goog-api-key': 's' });
  });

  it('speak messages where they do, at an address of their own', () => {
    const at = (id: string, region?: string): string | undefined =>
      addressAt(id, 'anthropic-messages', providerOf(id)?.baseUrl(region));
    const addresses: Readonly<Record<string, string>> = {
      anthropic: 'https://api.anthropic.com/v1/messages',
      qwen: 'https://dashscope-intl.aliyuncs.com/apps/anthropic/v1/messages',
      'qwen coding-plan': 'https://coding-intl.dashscope.aliyuncs.com/apps/anthropic/v1/messages',
      'qwen token-plan-beijing': 'https://token-plan.cn-beijing.maas.aliyuncs.com/apps/anthropic/v1/messages',
      deepseek: 'https://api.deepseek.com/anthropic/v1/messages',
      moonshot: 'https://api.moonshot.cn/anthropic/v1/messages',
      'moonshot international': 'https://api.moonshot.ai/anthropic/v1/messages',
      zhipu: 'https://open.bigmodel.cn/api/anthropic/v1/messages',
      'zhipu coding-plan': 'https://api.z.ai/api/anthropic/v1/messages',
      minimax: 'https://api.minimax.io/anthropic/v1/messages',
      'minimax china': 'https://api.minimaxi.com/anthropic/v1/messages',
      volcengine: 'https://ark.cn-beijing.volces.com/api/compatible/v1/messages',
      'volcengine coding-plan': 'https://ark.cn-beijing.volces.com/api/coding/v1/messages',
      qianfan: 'https://qianfan.baidubce.com/anthropic/v1/messages',
      'qianfan coding-plan': 'https://qianfan.baidubce.com/anthropic/coding/v1/messages',
      hunyuan: 'https://api.hunyuan.cloud.tencent.com/anthropic/v1/messages',
      siliconflow: 'https://api.siliconflow.cn/v1/messages',
      fireworks: 'https://api.fireworks.ai/inference/v1/messages',
      openrouter: 'https://openrouter.ai/api/v1/messages',
      bedrock: 'https://bedrock-mantle.us-east-1.api.aws/anthropic/v1/messages',
      'bedrock eu-west-1': 'https://bedrock-mantle.eu-west-1.api.aws/anthropic/v1/messages',
      ollama: 'http://127.0.0.1:11434/v1/messages',
      vllm: 'http://127.0.0.1:8000/v1/messages',
      'lm-studio': 'http://127.0.0.1:1234/v1/messages',
    };
    for (const [name, address] of Object.entries(addresses)) {
      const [id = '', region] = name.split(' ');
      assert.equal(at(id, region), address, name);
    }
    const speaking = providers.filter(({ speaks }) => 'anthropic-messages' in speaks).map(({ id }) => id);
    const told = Object.keys(addresses).map((name) => name.split(' ')[0] ?? '');
    assert.deepEqual(new Set(speaking), new Set([...told, 'azure', 'anthropic-compatible', 'simulator']));
  });

  it('speak it at no address but their own, where they tell it apart', () => {
    const workspace = 'https://ws-1.ap-southeast-1.maas.aliyuncs.com';
    assert.equal(
      addressAt('qwen', 'anthropic-messages', `${workspace}/compatible-mode/v1`),
      `${workspace}/apps/anthropic/v1/messages`,
    );
    for (const [id, custom] of [
      ['qwen', 'http://127.0.0.1:4100/compatible-mode/v1'],
      ['qwen', 'https://proxy.example.com/compatible-mode/v1'],
      ['qwen', 'https://evil.example/.aliyuncs.com/compatible-mode/v1'],
      ['qwen', 'https://evil.example/x.aliyuncs.com/v1'],
      ['deepseek', 'https://api.deepseek.com.evil.example/v1'],
      ['deepseek', 'https://proxy.example.com/v1'],
      ['moonshot', 'https://api.moonshot.example/v1'],
      ['zhipu', 'https://open.bigmodel.cn/api/paas/v5'],
      ['bedrock', 'https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1'],
      ['volcengine', 'https://ark.evil.example/volces.com/api/v3'],
      ['azure', 'https://r.openai.azure.com/openai/v1'],
    ] as const)
      assert.equal(addressAt(id, 'anthropic-messages', custom), undefined, custom);
    assert.equal(addressAt('openai', 'anthropic-messages'), undefined);
  });

  it('speak responses where nothing gets lost by it', () => {
    const speaking = providers
      .filter(({ id, speaks }) => id !== 'simulator' && 'openai-responses' in speaks)
      .map(({ id }) => id);
    assert.deepEqual(speaking.toSorted(), ['azure', 'bedrock', 'openai', 'openrouter', 'qwen', 'xai']);
    const compatible = 'https://dashscope.aliyuncs.com/compatible-mode/v1';
    assert.equal(addressAt('qwen', 'openai-responses', compatible), `${compatible}/responses`);
    assert.equal(
      addressAt('qwen', 'openai-responses', providerOf('qwen')?.baseUrl('coding-plan')),
      undefined,
    );
  });

  it('speak Gemini where they do', () => {
    const speaking = providers.filter(({ speaks }) => 'gemini' in speaks).map(({ id }) => id);
    for (const id of ['gemini', 'gemini-compatible', 'vertex']) assert.ok(speaking.includes(id), id);
    const place = 'https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4';
    assert.equal(
      addressAt('vertex', 'gemini', `${place}/publishers/google`),
      `${place}/publishers/google/models`,
    );
    assert.equal(addressAt('vertex', 'openai-chat', `${place}/publishers/google`), undefined);
    assert.equal(
      addressAt('vertex', 'openai-chat', `${place}/endpoints/openapi`),
      `${place}/endpoints/openapi/chat/completions`,
    );
    assert.equal(addressAt('vertex', 'gemini', `${place}/endpoints/openapi`), undefined);
    assert.equal(addressAt('gemini-compatible', 'gemini', 'https://h/v1beta'), 'https://h/v1beta/models');
  });

  it('tell by the model what speaks which dialect, where one address has both', () => {
    for (const [id, claude, other] of [
      ['bedrock', 'anthropic.claude-opus-5', 'openai.gpt-oss-120b'],
      ['bedrock', 'us.anthropic.claude-sonnet-5', 'qwen.qwen3-32b'],
      ['azure', 'my-claude-sonnet', 'gpt-5'],
    ] as const) {
      const { serves } = providerOf(id) ?? assert.fail(id);
      assert.deepEqual(
        [serves?.('anthropic-messages', claude), serves?.('openai-chat', claude)],
        [true, false],
      );
      assert.deepEqual(
        [serves?.('anthropic-messages', other), serves?.('openai-chat', other)],
        [false, true],
      );
      assert.equal(serves?.('openai-responses', other), true);
    }
  });

  it('write the deployment of Azure into the classic address, and nothing into the new one', () => {
    const chat = (baseUrl: string): string =>
      placed(addressAt('azure', 'openai-chat', baseUrl) ?? assert.fail(), 'my gpt/4');
    const classic = (version: string): string =>
      `https://r.openai.azure.com/openai/deployments/my%20gpt%2F4/chat/completions?api-version=${version}`;
    assert.equal(chat('https://r.openai.azure.com'), classic('2024-10-21'));
    assert.equal(chat('https://r.openai.azure.com/openai'), classic('2024-10-21'));
    assert.equal(
      chat('https://r.openai.azure.com?api-version=2025-04-01-preview'),
      classic('2025-04-01-preview'),
    );
    const v1 = 'https://r.openai.azure.com/openai/v1';
    assert.equal(chat(v1), `${v1}/chat/completions`);
    assert.equal(addressAt('azure', 'openai-responses', v1), `${v1}/responses`);
    assert.equal(addressAt('azure', 'openai-responses', 'https://r.openai.azure.com'), undefined);
    assert.equal(
      chat('https://gateway.example/azure/v1'),
      'https://gateway.example/azure/v1/chat/completions',
    );
    assert.equal(
      addressAt('azure', 'anthropic-messages', 'https://r.services.ai.azure.com/openai/v1'),
      'https://r.services.ai.azure.com/anthropic/v1/messages',
    );
    assert.equal(placed('https://h/v1/chat/completions', 'm'), 'https://h/v1/chat/completions');
  });

  it('know a key of Azure from a token', () => {
    const sentWith = (secret: string): Record<string, string> => {
      const headers: Record<string, string> = {};
      providerOf('azure')?.authorize(headers, secret, 'openai-chat');
      return headers;
    };
    assert.deepEqual(sentWith('0123abcd'), { 'api-key': '0123abcd' });
    assert.deepEqual(sentWith('eyJhbGciOi.eyJhdWQi.c2ln'), {
      authorization: 'Bearer eyJhbGciOi.eyJhdWQi.c2ln',
    });
  });

  it('publish limits where their documents do', () => {
    const limitsOf = (id: string, model: string) => providerOf(id)?.limits(model)?.limits;
    assert.deepEqual(limitsOf('deepseek', 'deepseek-v4-pro'), { concurrency: 500 });
    assert.deepEqual(limitsOf('deepseek', 'deepseek-flash'), { concurrency: 2_500 });
    assert.deepEqual(limitsOf('minimax', 'MiniMax-M3'), { rpm: 200, tpm: 10_000_000 });
    assert.deepEqual(limitsOf('minimax', 'MiniMax-M2.7-highspeed'), { rpm: 500, tpm: 20_000_000 });
    assert.deepEqual(limitsOf('hunyuan', 'hunyuan-lite'), { concurrency: 5 });
    for (const id of ['deepseek', 'minimax', 'hunyuan']) assert.equal(limitsOf(id, 'other'), undefined);
    assert.equal(providerOf('qwen')?.limits('qwen3-max', 'coding-plan'), undefined);
  });

  it("ask for Anthropic's own dialect with its own headers", () => {
    const anthropic = providerOf('anthropic') ?? assert.fail();
    const headers: Record<string, string> = {};
    anthropic.authorize(headers, 's', 'anthropic-messages');
    assert.deepEqual(headers, { 'x-api-key': 's', 'anthropic-version': '2023-06-01' });
    const told: Record<string, string> = { 'anthropic-version': '2026-10-21' };
    anthropic.authorize(told, 's', 'anthropic-messages');
    assert.equal(told['anthropic-version'], '2026-10-21');
    assert.deepEqual(anthropic.forwardHeaders, ['anthropic-version']);
    assert.deepEqual(Object.keys(anthropic.speaks), ['anthropic-messages'], 'and in no other');
  });

  it('have their usual addresses', () => {
    assert.equal(providerOf('qwen')?.baseUrl(), 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1');
    assert.equal(providerOf('qwen')?.baseUrl('beijing'), 'https://dashscope.aliyuncs.com/compatible-mode/v1');
    assert.equal(providerOf('moonshot')?.baseUrl('international'), 'https://api.moonshot.ai/v1');
    assert.equal(providerOf('openai-compatible')?.baseUrl(), undefined);
  });
});
