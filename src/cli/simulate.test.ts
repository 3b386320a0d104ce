import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type SimulateFlags, simulateCommand, startSimulator } from './simulate.ts';

const flags: SimulateFlags = {
  port: 0,
  host: '127.0.0.1',
  accounts: 2,
  model: [],
  region: 'singapore',
  ttft: 0,
  tokensPerSecond: 0,
  outputTokens: 10,
  ramp: false,
};

async function linesOf(changed: Partial<SimulateFlags>): Promise<string> {
  const { lines, server } = await startSimulator({ ...flags, ...changed });
  await server.close();
  return lines.join('\n');
}

test('it prints the address, one secret per account and the limits in force', async () => {
  const text = await linesOf({});
  assert.match(text, /http:\/\/127\.0\.0\.1:\d+\/compatible-mode\/v1/);
  assert.match(text, /account-1 +sk-simulated-1\n +account-2 +sk-simulated-2/);
  assert.match(text, /qwen3-max +600 RPM, 1,000,000 TPM, 10 RPS\n/);
});

test('limits may be given instead of the published ones', async () => {
  assert.match(await linesOf({ rpm: 90, tpm: 5_000, rps: 'off' }), /qwen3-max +90 RPM, 5,000 TPM\n/);
  assert.match(await linesOf({ rps: 3, ramp: true }), /600 RPM, 1,000,000 TPM, 3 RPS, growth 20 % a second/);
  const two = await linesOf({ model: ['qwen-plus', 'my-model'], region: 'beijing' });
  assert.match(two, /qwen-plus +30,000 RPM, 5,000,000 TPM, 500 RPS\n +my-model +no RPM, no TPM/);
});

test('the printed curl line works when pasted', async () => {
  const { lines, server, simulator } = await startSimulator({ ...flags, rpm: 1 });
  const line = lines.find((each) => each.includes('chat/completions')) ?? '';
  const { stdout } = await promisify(execFile)('sh', ['-c', line.replace('curl ', 'curl -s ')]);
  assert.match(stdout, /"object":"chat.completion"/);
  assert.equal(simulator.stats('account-1').admitted, 1);
  await server.close();
});

test('wrong flags are told in words', async () => {
  const parse = (...words: string[]) => {
    const command = simulateCommand({ print: () => {} }).exitOverride();
    command.configureOutput({ writeErr: () => {} });
    return command.parseAsync(words, { from: 'user' });
  };
  await assert.rejects(parse('--accounts', '0'), /whole number of at least 1/);
  await assert.rejects(parse('--rps', 'maybe'), /whole number/);
  await assert.rejects(parse('--region', 'moon'), /Allowed choices are singapore, beijing, global/);
});

test('it ends cleanly on SIGINT and SIGTERM', async () => {
  const module = pathToFileURL(new URL('./simulate.ts', import.meta.url).pathname).href;
  const script = `const { simulateCommand } = await import('${module}');
    await simulateCommand().parseAsync(['--port', '0', '--model', 'qwen3-max'], { from: 'user' });`;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [first] = (await once(child.stdout, 'data')) as [Buffer];
    assert.match(first.toString(), /Simulating Model Studio/);
    child.kill(signal);
    const [code] = (await once(child, 'exit')) as [number | null];
    assert.equal(code, 0, signal);
  }
});
