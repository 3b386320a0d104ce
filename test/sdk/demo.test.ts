import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { demoCommand } from '../../src/cli/demo.ts';

test('wrong flags are told in words', async () => {
  const parse = (...words: string[]) => {
    const command = demoCommand().exitOverride();
    command.configureOutput({ writeErr: () => {} });
    return command.parseAsync(words, { from: 'user' });
  };
  await assert.rejects(parse('--seconds', '0'), /whole number from 1 to 600/);
  await assert.rejects(parse('--seconds', 'soon'), /whole number from 1 to 600/);
  await assert.rejects(parse('--seed', '-1'), /whole number from 0/);
});

test('Ctrl-C ends it cleanly and leaves no file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-demo-'));
  const out = join(folder, 'charts', 'demo.svg');
  const module = pathToFileURL(new URL('../../src/cli/demo.ts', import.meta.url).pathname).href;
  const script = `const { demoCommand } = await import('${module}');
    await demoCommand().parseAsync(['--out', '${out}'], { from: 'user' });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text;
    if (!child.killed && /^0:00 /m.test(told)) child.kill('SIGINT');
  });
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 130, told);
  assert.match(told, /135 calls in 45 s/);
  assert.match(told, /Stopped: nothing was written/);
  assert.equal(existsSync(out), false);
  rmSync(folder, { recursive: true });
});
