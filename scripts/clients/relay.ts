/**
 * Sluice as its users start it, in a folder of its own, with two simulated accounts that each speak one dialect: so
 * that whatever an agent speaks, one of the two models is of another vendor.
 */

import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { start } from './child.ts';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');

export const KEY = 'sluice-clients-0123456789';

/** How long it may take to start. */
const START_MS = 20_000;

/** How long a line of the log may be on its way. */
const LOG_MS = 3_000;

/**
 * By the model that clients ask for: the channel that serves it, on an account that speaks one dialect alone. The third
 * thinks unless told not to; the last two are names that make agents bring out the tools that they have for models of OpenAI's.
 */
export const MODELS = {
  'qwen3-max': 'openai-chat/qwen3-max',
  'claude-sonnet-4-5': 'anthropic-messages/claude-sonnet-4-5',
  'qwen3.5-plus': 'openai-chat/qwen3.5-plus',
  'gpt-5.5': 'anthropic-messages/claude-sonnet-4-5',
  'gpt-6.1-sol': 'openai-chat/qwen3-coder-plus',
} as const;

export type Model = keyof typeof MODELS;

const CHANNELS: readonly string[] = [...new Set(Object.values(MODELS))];

const accountOf = (dialect: string): string => `
  - id: ${dialect}
    provider: simulator
    base_url: http://simulator.internal/only/${dialect}
    secrets: [secret-${dialect}]
    limits: { rpm: 60000, tpm: 600000000, concurrency: 50 }
    models: [${CHANNELS.filter((each) => each.startsWith(`${dialect}/`)).map((each) => each.split('/')[1])}]`;

const modelOf = ([name, channel]: [string, string]): string => `
  ${name}: { channels: [${channel}] }`;

const CONFIG = `accounts:${[...new Set(CHANNELS.map((each) => each.split('/')[0] ?? each))].map(accountOf).join('')}
models:${Object.entries(MODELS).map(modelOf).join('')}
simulator: { ttft: 5ms, tokens_per_second: 2000, output_tokens: 20 }
keys: [{ id: clients, key: ${KEY} }]
log: { format: json }
`;

export type CallLine = {
  readonly model: string;
  readonly channel: string;
  readonly status: number;
  readonly end: string;
  readonly input: number;
  readonly output: number;
};

export type Relay = {
  /** Without a path. */
  readonly url: string;
  /** The log's lines of calls since the last time; waits a little until they are so many. */
  takeCalls(atLeast: number): Promise<readonly CallLine[]>;
  close(): Promise<void>;
};

export async function startRelay(folder: string): Promise<Relay> {
  writeFileSync(join(folder, 'sluice.yaml'), CONFIG);
  const env = { PATH: process.env['PATH'] ?? '' };
  const child = start(process.execPath, [MAIN, 'start', '--port', '0'], { cwd: folder, env });
  const exit = new Promise<void>((done) => child.once('exit', () => done()));
  let output = '';
  let taken = 0;
  const url = await new Promise<string>((listening, reject) => {
    const fail = (): void => reject(new Error(`Sluice did not start:\n${output}`));
    const timer = setTimeout(fail, START_MS);
    const hear = (text: string): void => {
      output += text;
      const found = /listens on (http:\S+)/.exec(output)?.[1];
      if (found !== undefined) listening(found);
      if (found !== undefined) clearTimeout(timer);
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    child.once('exit', fail);
  });
  return {
    url,
    async takeCalls(atLeast) {
      const endMs = performance.now() + LOG_MS;
      for (;;) {
        const end = output.lastIndexOf('\n') + 1;
        const lines = output.slice(taken, end).split('\n');
        const calls = lines.filter((line) => line.includes('"msg":"call"')).map(callOf);
        if (calls.length >= atLeast || performance.now() > endMs) {
          taken = end;
          return calls;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async close() {
      child.end();
      await exit;
    },
  };
}

function callOf(line: string): CallLine {
  const { model, channel, status, end, usage } = JSON.parse(line);
  return { model, channel, status, end, input: usage?.input ?? 0, output: usage?.output ?? 0 };
}
