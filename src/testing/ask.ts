/** One chat call to a `Fetch`, read to its end: what most tests of an upstream begin with. */

import { type Fetch, type HeaderMap, readAll, type UpstreamRequest } from '../base/fetch.ts';

export type AskOptions = {
  readonly secret?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
};

export type Asked = { readonly status: number; readonly headers: HeaderMap; readonly text: string };

export const CHAT_URL = 'http://simulator.test/compatible-mode/v1/chat/completions';

/** `fields` go over a small default body: `{model: 'qwen3-max', messages: [user: Hello]}`. */
export function chatRequest(
  fields: Readonly<Record<string, unknown>> = {},
  options: AskOptions = {},
): UpstreamRequest {
  const body = { model: 'qwen3-max', messages: [{ role: 'user', content: 'Hello' }], ...fields };
  return {
    method: 'POST',
    url: options.url ?? CHAT_URL,
    headers: { authorization: `Bearer ${options.secret ?? 'sk-1'}`, ...options.headers },
    body: Buffer.from(JSON.stringify(body)),
    signal: options.signal ?? new AbortController().signal,
  };
}

export async function ask(
  fetch: Fetch,
  fields: Readonly<Record<string, unknown>> = {},
  options: AskOptions = {},
): Promise<Asked> {
  const { status, headers, body } = await fetch(chatRequest(fields, options));
  return { status, headers, text: (await readAll(body)).toString('utf8') };
}
