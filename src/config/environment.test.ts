import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configFromEnvironment, configOfAccounts } from './environment.ts';
import { known } from './fixtures/known.ts';
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
