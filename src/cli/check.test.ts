import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { known } from '../config/fixtures/known.ts';
import { type CheckOptions, checkCommand, type LiveResult, liveTable } from './check.ts';

const SECRET = 'sk-upstream-secret';
const KEY = 'sk-client-0123456789';
const GOOD = `accounts:
  - { id: main, provider: qwen, region: singapore, secrets: [${SECRET}, ${SECRET}2], models: { qwen3-max: { name: big } } }
  - { id: spare, provider: simulator, tier: 1 }
models:
  big: { strategy: weighted, fallbacks: [sim-large] }
keys:
  - { id: dev, key: ${KEY}, limits: { rpm: 60 } }
`;

async function run(
  text: string,
  {
    args = [],
    live,
    env = {},
  }: { args?: string[]; live?: CheckOptions['live']; env?: Record<string, string> } = {},
) {
  let out = '';
  let errors = '';
  let code = 0;
  const asked: string[] = [];
  const command = checkCommand({
    known,
    env,
    readFile: (path) => {
      asked.push(path);
      return text;
    },
    write: (piece) => {
      out += piece;
    },
    writeError: (piece) => {
      errors += piece;
    },
    setExitCode: (value) => {
      code = value;
    },
    ...(live === undefined ? {} : { live }),
  });
  command.exitOverride().configureOutput({ writeErr: () => undefined });
  await command.parseAsync(args, { from: 'user' });
  return { out, errors, code, asked };
}

describe('sluice check', () => {
  it('notes that a file names nobody who may call: they may be in the database', async () => {
    const { out, code } = await run(GOOD.replace(/keys:[\s\S]*/, ''));
    assert.equal(code, 0);
    assert.match(out, /^No client key is in the file/m);
    assert.doesNotMatch((await run(GOOD)).out, /No client key/);
  });

  it('prints what a right file says, without a secret', async () => {
    const { out, errors, code, asked } = await run(GOOD);
    assert.equal(code, 0);
    assert.equal(errors, '');
    assert.deepEqual(asked, ['sluice.yaml']);
    assert.match(out, /^sluice.yaml is right$/m);
    assert.match(out, /^listens on 127.0.0.1:4290$/m);
    assert.match(out, /^2 accounts\n {2}main {3}qwen, singapore, tier 0 {2}2 secrets {2}qwen3-max as big$/m);
    assert.match(out, /^ {2}spare {2}simulator, tier 1 {8}0 secrets {2}sim-large$/m);
    assert.match(out, /^1 configured model\n {2}big {2}weighted {2}then sim-large$/m);
    assert.match(out, /^1 key\n {2}dev {2}rpm 60 {2}at a limit: queue {2}all models$/m);
    assert.ok(!out.includes(SECRET) && !out.includes(KEY));
  });

  it('prints what is wrong to the error stream and fails', async () => {
    const { out, errors, code } = await run(GOOD.replace('weighted', 'wieghted'));
    assert.equal(code, 1);
    assert.equal(out, '');
    assert.match(
      errors,
      /sluice.yaml:5:20 {2}models.big.strategy\n {2}unknown strategy 'wieghted': did you mean 'weighted'\?/,
    );
    assert.ok(!errors.includes(SECRET));
  });

  it('takes the file from the option, else from the environment', async () => {
    const env = { SLUICE_CONFIG: 'from-env.yaml' };
    assert.deepEqual((await run(GOOD, { env })).asked, ['from-env.yaml']);
    assert.deepEqual((await run(GOOD, { env, args: ['--config', 'mine.yaml'] })).asked, ['mine.yaml']);
    assert.deepEqual((await run(GOOD, { env, args: ['-c', 'mine.yaml'] })).asked, ['mine.yaml']);
  });

  it('lets what is no problem of the configuration through', async () => {
    const failing = checkCommand({
      known: { ...known, providers: [] },
      env: {},
      readFile: () => GOOD,
      write: () => undefined,
      writeError: () => {
        throw new RangeError('the pipe is closed');
      },
      setExitCode: () => undefined,
    });
    await assert.rejects(failing.parseAsync([], { from: 'user' }), /the pipe is closed/);
  });
});

describe('sluice check --live', () => {
  const good: LiveResult = { channel: 'main/qwen3-max', ok: true, detail: 'answered', ms: 412.4 };
  const bad: LiveResult = { channel: 'spare/sim-large', ok: false, detail: 'auth: not accepted', ms: 80 };

  it('asks every channel, prints a table, and fails when one fails', async () => {
    const { out, code } = await run(GOOD, { args: ['--live'], live: async () => [good, bad] });
    assert.equal(code, 1);
    assert.match(
      out,
      /^2 channels\n {2}ok {6}main\/qwen3-max {3}412 ms {2}answered\n {2}FAILED {2}spare\/sim-large {2}80 ms {3}auth: not accepted$/m,
    );
    assert.equal((await run(GOOD, { args: ['--live'], live: async () => [good] })).code, 0);
  });

  it('asks nobody without the option, nor when the file is wrong', async () => {
    const live = async (): Promise<LiveResult[]> => {
      throw new Error('was asked');
    };
    assert.equal((await run(GOOD, { live })).code, 0);
    assert.equal((await run('accounts: 5', { live, args: ['--live'] })).code, 1);
  });

  it('is no option where nobody can be asked', async () => {
    await assert.rejects(run(GOOD, { args: ['--live'] }), /unknown option/);
  });

  it('has an empty table for no channels', () => {
    assert.equal(liveTable([]), '0 channels');
  });
});
