/** Clients of a real relay that note what they saw whole: so many calls a second, half of them streams. */

import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { KEY } from '../sdk/relay.ts';

/** An answer whose end its client saw. */
export type Seen = { readonly id: string; readonly input: number; readonly output: number };

/** A relay of one account that is never full and answers at once. */
export const QUICK = `
keys: [{ id: test, key: ${KEY} }]
accounts:
  - id: sim
    provider: simulator
    secrets: [s]
    models: { qwen3-max: { limits: { rpm: 1000000, tpm: 1000000000, concurrency: 10000, ramp: off } } }
simulator: { ttft: 5ms, tokens_per_second: 1000, output_tokens: 5 }
log: { level: warn }
`;

/** Entries that are not in the database yet, by its own account. */
export async function pendingAt(url: string): Promise<number> {
  const response = await fetch(`${url}/readyz?verbose`);
  const { ledger } = (await response.json()) as { ledger: { pending: number } };
  return ledger.pending;
}

export type Crowd = {
  readonly seen: readonly Seen[];
  /** Calls that were answered with an error. */
  readonly refused: readonly number[];
  /** No more calls from now on; resolves when those under way have ended, well or badly. */
  stop(): Promise<void>;
};

export function crowd(url: string, { perSecond, model }: { perSecond: number; model: string }): Crowd {
  const agent = new Agent({ keepAlive: true, maxSockets: 500 });
  const seen: Seen[] = [];
  const refused: number[] = [];
  const underWay = new Set<Promise<void>>();
  let isOver = false;
  let made = 0;
  const startedAtMs = performance.now();

  const run = async (): Promise<void> => {
    while (!isOver) {
      const due = ((performance.now() - startedAtMs) / 1_000) * perSecond;
      for (; made < due && !isOver; made++) {
        const one = ask({ url, model, agent, stream: made % 2 === 0 }).then((answer) => {
          underWay.delete(one);
          if (typeof answer === 'number') refused.push(answer);
          else if (answer !== undefined) seen.push(answer);
        });
        underWay.add(one);
      }
      await wait(4);
    }
  };
  const running = run();
  return {
    seen,
    refused,
    async stop() {
      isOver = true;
      await running;
      await Promise.all(underWay);
      agent.destroy();
    },
  };
}

type Ask = { readonly url: string; readonly model: string; readonly agent: Agent; readonly stream: boolean };

/** Undefined where the connection broke before the end; the status of an error. */
function ask({ url, model, agent, stream }: Ask): Promise<Seen | number | undefined> {
  const body = JSON.stringify({
    model,
    stream,
    max_tokens: 4 + Math.floor(Math.random() * 6),
    messages: [{ role: 'user', content: `Tell me about ${Math.random()}` }],
    ...(stream ? { stream_options: { include_usage: true } } : {}),
  });
  return new Promise((resolve) => {
    const call = request(
      `${url}/v1/chat/completions`,
      {
        method: 'POST',
        agent,
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      },
      (response) => {
        let text = '';
        // The terminal is the end, whatever becomes of the connection behind it.
        const look = (isEnded: boolean): void => {
          if (response.statusCode !== 200) {
            if (isEnded) resolve(response.statusCode ?? 0);
          } else if (stream ? text.includes('data: [DONE]') : isEnded)
            resolve(seenOf(String(response.headers['x-request-id']), text));
        };
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          text += piece;
          look(false);
        });
        response.on('end', () => {
          look(true);
          resolve(undefined);
        });
        response.on('error', () => resolve(undefined));
        response.on('close', () => resolve(undefined));
      },
    );
    call.on('error', () => resolve(undefined));
    call.end(body);
  });
}

function seenOf(id: string, text: string): Seen {
  const [, input, output] = /"usage":\{"prompt_tokens":(\d+),"completion_tokens":(\d+)/.exec(text) ?? [];
  return { id, input: Number(input), output: Number(output) };
}
