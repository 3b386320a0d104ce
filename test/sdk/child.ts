/** The command line as its users run it: `node src/main.ts` in a folder of its own, with an empty environment. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { KEY, until } from './relay.ts';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');

export type Child = {
  readonly process: ChildProcess;
  readonly folder: string;
  /** Once it listens. */
  readonly url: string;
  output(): string;
  errors(): string;
  /** Lines of its JSON log. */
  log(): readonly { readonly [key: string]: unknown }[];
  /** Waits for a line of the log with this message; false when it does not come. */
  says(message: string, times?: number): Promise<boolean>;
  /** The exit code; null when a signal ended it. */
  readonly exit: Promise<number | null>;
  chat(body: Readonly<Record<string, unknown>>, key?: string): Promise<Response>;
  /** Ends it, if need be, and removes its folder. */
  remove(): Promise<void>;
};

export type ChildOptions = {
  /** Written to `sluice.yaml` in its folder, which it then finds by itself. */
  readonly config?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** An older child's, to start in again. */
  readonly folder?: string;
};

/** Starts it and does not wait. `url` is empty until it listens. */
export function spawnChild({ config, args, env, folder }: ChildOptions = {}): Child {
  const place = folder ?? mkdtempSync(join(tmpdir(), 'sluice-test-'));
  if (config !== undefined) writeFileSync(join(place, 'sluice.yaml'), config);
  const child = spawn(process.execPath, [MAIN, ...(args ?? ['start', '--port', '0'])], {
    cwd: place,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const exit = new Promise<number | null>((done) => child.once('close', (code) => done(code)));
  const log: Child['log'] = () =>
    output
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as { [key: string]: unknown });
  const url = (): string => /listens on (http:\S+)/.exec(output)?.[1] ?? '';
  return {
    process: child,
    folder: place,
    get url() {
      return url();
    },
    output: () => output,
    errors: () => errors,
    log,
    says: (message, times = 1) =>
      until(() => log().filter(({ msg }) => String(msg).includes(message)).length >= times, 10_000),
    exit,
    chat: (body, key = KEY) =>
      fetch(`${url()}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    async remove() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exit;
      rmSync(place, { recursive: true, force: true });
    },
  };
}

/** Starts it and waits until it listens. Throws with what it said when it does not. */
export async function startChild(options: ChildOptions = {}): Promise<Child> {
  const child = spawnChild(options);
  const listens = await until(() => child.url !== '' || child.process.exitCode !== null, 20_000);
  if (listens && child.url !== '') {
    // An answer means that all of the start is done, signals included.
    await fetch(`${child.url}/livez`);
    return child;
  }
  const said = `${child.output()}\n${child.errors()}`;
  await child.remove();
  throw new Error(`sluice did not start:\n${said}`);
}
