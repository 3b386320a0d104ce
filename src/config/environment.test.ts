import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configFromEnvironment, configOfAccounts, passedOver } from './environment.ts';
import { known } from './fixtures/known.ts';
import type { Known, KnownProvider } from './known.ts';
import { ConfigError, type Problem } from './problem.ts';

const from = (env: Record<string, string>) => configFromEnvironment({ env, known });

function problemsOf(env: Record<string, string>): readonly Problem[] {
  try {
    from(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new assert.AssertionError({ message: 'accepted' });
}

describe('the environment alone', () => {
  it('makes one account of each provider whose variable is set', () => {
    const config = from({ DASHSCOPE_API_KEY: 'sk-a', OPENAI_API_KEY: 'sk-b', OTHER: 'x' });
    assert.deepEqual(
      config?.accounts.map(({ id, provider, secrets }) => ({ id, provider, secrets })),
      [
        { id: 'qwen', provider: 'qwen', secrets: ['sk-a'] },
        { id: 'openai', provider: 'openai', secrets: ['sk-b'] },
      ],
    );
    assert.deepEqual(config?.keys, []);
    assert.equal(config?.server.port, 4290);
  });

  it('is no configuration when none is set', () => {
    assert.equal(from({}), null);
    assert.equal(
      from({ PATH: '/bin', DASHSCOPE_API_KEY: '', OPENAI_API_KEY: '  ', GEMINI_API_KEY: ',' }),
      null,
    );
  });

  it('takes the first variable that is set', () => {
    const both = from({ GEMINI_API_KEY: 'first', GOOGLE_API_KEY: 'second' });
    assert.deepEqual(both?.accounts[0]?.secrets, ['first']);
    assert.deepEqual(from({ GOOGLE_API_KEY: 'second' })?.accounts[0]?.secrets, ['second']);
  });

  it('takes several secrets of one account', () => {
    assert.deepEqual(from({ OPENAI_API_KEY: 'a, b,,c ' })?.accounts[0]?.secrets, ['a', 'b', 'c']);
  });

  it('honours an address beside the secret', () => {
    const config = from({ DASHSCOPE_API_KEY: 'sk-a', DASHSCOPE_BASE_URL: 'http://127.0.0.1:9100/v1/' });
    assert.equal(config?.accounts[0]?.baseUrl, 'http://127.0.0.1:9100/v1');
    const other = from({ GOOGLE_API_KEY: 'k', GEMINI_BASE_URL: 'http://gemini/v1' });
    assert.equal(other?.accounts[0]?.baseUrl, 'http://gemini/v1');
  });

  it('gives address, client key and log level', () => {
    const config = from({
      ...{ OPENAI_API_KEY: 'sk', HOST: '0.0.0.0', PORT: '8080' },
      ...{ SLUICE_KEY: 'sk-client-0123456789', LOG_LEVEL: 'DEBUG' },
    });
    assert.equal(config?.server.host, '0.0.0.0');
    assert.equal(config?.server.port, 8080);
    assert.equal(config?.log.level, 'debug');
    assert.deepEqual(
      config?.keys.map(({ id, key }) => [id, key]),
      [['default', 'sk-client-0123456789']],
    );
  });

  it('gives them to accounts of the caller as well', () => {
    const accounts = [{ id: 'simulator', provider: 'simulator' }];
    const config = configOfAccounts(accounts, { env: { PORT: '1234' }, known });
    assert.equal(config.server.port, 1234);
    assert.equal(config.accounts[0]?.provider, 'simulator');
  });
});

const [usual] = known.providers;
assert.ok(usual);
const provider = (id: string, given: Partial<KnownProvider>): KnownProvider => ({
  ...{ id, variables: [], regions: [], models: [], baseUrl: () => `https://${id}.example/v1` },
  ...given,
});

/** Providers that want more than a secret, or less. */
const others: Known = {
  ...known,
  providers: [
    usual,
    provider('azure', { variables: ['AZURE_OPENAI_API_KEY'], baseUrl: () => undefined }),
    provider('bedrock', {
      ...{ variables: ['AWS_BEARER_TOKEN'], regions: ['us', 'eu'], regionVariables: ['AWS_REGION'] },
      models: ['claude'],
    }),
    provider('zhipu', {
      ...{ variables: ['ZAI_API_KEY', 'ZHIPU_API_KEY'], regions: ['china', 'abroad'], models: ['glm'] },
      regionByVariable: { ZAI_API_KEY: 'abroad' },
    }),
    provider('lm-studio', {}),
  ],
};
const accountsOf = (env: Record<string, string>) =>
  configFromEnvironment({ env, known: others })?.accounts.map((account) => ({
    id: account.id,
    secrets: account.secrets,
    ...(account.baseUrl === undefined ? {} : { baseUrl: account.baseUrl }),
    ...(account.region === undefined ? {} : { region: account.region }),
    ...(account.models.length === 0 ? {} : { models: account.models.map((each) => each.upstreamModel) }),
  }));

describe('the environment of a provider that wants more than a secret', () => {
  it('names its address and its models, or the provider is passed over', () => {
    const key = { AZURE_OPENAI_API_KEY: 'k' };
    const url = { AZURE_OPENAI_BASE_URL: 'https://r.example/openai/v1' };
    assert.equal(accountsOf(key), undefined);
    assert.equal(accountsOf({ ...key, ...url }), undefined);
    assert.equal(accountsOf({ ...key, AZURE_OPENAI_MODEL: 'gpt-5' }), undefined);
    assert.equal(accountsOf({ ...key, ...url, AZURE_MODEL: 'gpt-5' })?.[0]?.id, 'azure');
    assert.deepEqual(accountsOf({ ...key, ...url, AZURE_OPENAI_MODEL: 'gpt-5, mini' }), [
      { id: 'azure', secrets: ['k'], baseUrl: url.AZURE_OPENAI_BASE_URL, models: ['gpt-5', 'mini'] },
    ]);
  });

  it('is told what it lacks', () => {
    const lacksOf = (env: Record<string, string>) => passedOver({ env, known: others });
    const url = { AZURE_OPENAI_BASE_URL: 'https://r.example/openai/v1' };
    const variable = 'AZURE_OPENAI_API_KEY';
    assert.deepEqual(lacksOf({ [variable]: 'k' }), [
      { variable, lacks: ['AZURE_OPENAI_BASE_URL', 'AZURE_OPENAI_MODEL'] },
    ]);
    assert.deepEqual(lacksOf({ [variable]: 'k', ...url }), [{ variable, lacks: ['AZURE_OPENAI_MODEL'] }]);
    assert.deepEqual(lacksOf({ [variable]: 'k', ...url, AZURE_OPENAI_MODEL: 'gpt-5' }), []);
    assert.deepEqual(lacksOf({ LM_STUDIO_BASE_URL: 'http://h/v1' }), [
      { variable: 'LM_STUDIO_BASE_URL', lacks: ['LM_STUDIO_MODEL'] },
    ]);
    assert.deepEqual(lacksOf({ DASHSCOPE_BASE_URL: 'http://h/v1' }), []);
    assert.deepEqual(lacksOf({}), []);
  });

  it('names its region, in the variable of its own before that of everybody', () => {
    const key = { AWS_BEARER_TOKEN: 'k' };
    const regionOf = (env: Record<string, string>) => accountsOf({ ...key, ...env })?.[0]?.region;
    assert.equal(regionOf({}), undefined);
    assert.equal(regionOf({ AWS_REGION: 'eu' }), 'eu');
    assert.equal(regionOf({ AWS_REGION: 'eu', AWS_BEARER_REGION: 'us' }), 'us');
    assert.equal(
      accountsOf({ DASHSCOPE_API_KEY: 'k', DASHSCOPE_REGION: 'singapore' })?.[0]?.region,
      'singapore',
    );
    assert.equal(accountsOf({ DASHSCOPE_API_KEY: 'k', AWS_REGION: 'eu' })?.[0]?.region, undefined);
  });

  it('tells its region by the name of its secret, unless another one is told', () => {
    const regionOf = (env: Record<string, string>) => accountsOf(env)?.[0]?.region;
    assert.equal(regionOf({ ZAI_API_KEY: 'k' }), 'abroad');
    assert.equal(regionOf({ ZHIPU_API_KEY: 'k' }), undefined);
    assert.equal(regionOf({ ZAI_API_KEY: 'k', ZAI_REGION: 'china' }), 'china');
  });

  it('leaves models alone that another program wishes for', () => {
    assert.deepEqual(accountsOf({ DASHSCOPE_API_KEY: 'k', DASHSCOPE_MODEL: 'mine' }), [
      { id: 'qwen', secrets: ['k'] },
    ]);
  });

  it('is told by its names where it is wrong', () => {
    const env = { AWS_BEARER_TOKEN: 'k', AWS_REGION: 'mars' };
    assert.throws(
      () => configFromEnvironment({ env, known: others }),
      (error) => error instanceof ConfigError && error.problems[0]?.path === 'AWS_REGION',
    );
  });
});

describe('the environment of a server that asks for no secret', () => {
  it('names its models, and may name an address and a secret', () => {
    assert.equal(accountsOf({ LM_STUDIO_BASE_URL: 'http://h/v1' }), undefined);
    assert.equal(accountsOf({ LM_STUDIO_API_KEY: 'k' }), undefined);
    assert.deepEqual(accountsOf({ LM_STUDIO_MODEL: 'a,b' }), [
      { id: 'lm-studio', secrets: [], models: ['a', 'b'] },
    ]);
    const all = { LM_STUDIO_MODEL: 'a', LM_STUDIO_BASE_URL: 'http://h/v1', LM_STUDIO_API_KEY: 'k' };
    assert.deepEqual(accountsOf(all), [
      { id: 'lm-studio', secrets: ['k'], baseUrl: 'http://h/v1', models: ['a'] },
    ]);
  });
});

describe('a wrong environment', () => {
  it('is told by the names of the variables, all at once, and by no value', () => {
    const env = {
      ...{ OPENAI_API_KEY: 'sk with space', OPENAI_BASE_URL: 'user:hunter2@nowhere', PORT: 'http' },
      ...{ SLUICE_KEY: 'short one', LOG_LEVEL: 'inof' },
    };
    const problems = problemsOf(env);
    const wanted = ['LOG_LEVEL', 'OPENAI_API_KEY', 'OPENAI_BASE_URL', 'PORT', 'SLUICE_KEY'];
    assert.deepEqual(problems.map(({ path }) => path).sort(), wanted);
    const text = new ConfigError(problems).message;
    for (const value of ['sk with', 'hunter2', 'short one']) assert.ok(!text.includes(value), text);
    assert.equal(problems.find(({ path }) => path === 'LOG_LEVEL')?.nearest, 'info');
  });
});
