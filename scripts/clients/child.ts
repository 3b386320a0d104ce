/** Children in process groups of their own, so that whatever they start ends with them, and never runs for too long. */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

export type ChildOptions = {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly limitMs: number;
};

export type Ended = {
  /** Null: it had to be ended. */
  readonly code: number | null;
  /** Both streams, as they came. */
  readonly output: string;
  readonly tookMs: number;
};

export async function run(
  command: string,
  args: readonly string[],
  { cwd, env, limitMs }: ChildOptions,
): Promise<Ended> {
  const startedMs = performance.now();
  const child = start(command, args, { cwd, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const timer = setTimeout(child.end, limitMs);
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      output += error.message;
      resolve(null);
    });
    child.once('exit', resolve);
  });
  clearTimeout(timer);
  child.end();
  child.stdout.destroy();
  child.stderr.destroy();
  return { code, output, tookMs: performance.now() - startedMs };
}

export type Child = ChildProcessByStdio<null, Readable, Readable> & {
  /** It and everything that it started and did not take out of its group. */
  end(): void;
};

export function start(
  command: string,
  args: readonly string[],
  { cwd, env }: Pick<ChildOptions, 'cwd' | 'env'>,
): Child {
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const end = (): void => {
    process.off('exit', end);
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Nobody is left in it.
    }
  };
  process.once('exit', end);
  return Object.assign(child, { end });
}
