/**
 * What every client library is asked to do in the same way: answer, tell a stream, and run a tool to its end. One file
 * per library says how; `matrix.ts` says where to and what must come of it.
 */

import type { DialectId } from '../../../src/domain/call.ts';

export type Target = {
  /** Of the relay, without a path. */
  readonly url: string;
  readonly key: string;
  readonly model: string;
};

export type Told = {
  readonly text: string;
  /** Of the text, as it came. One where it came whole. */
  readonly pieces: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
};

/** Called by the library with the arguments of the model; what it returns goes back to the model. */
export type Weather = (city: unknown) => string;

export interface SdkClient {
  readonly name: string;
  readonly dialect: DialectId;
  plain(target: Target, prompt: string): Promise<Told>;
  stream(target: Target, prompt: string): Promise<Told>;
  /** The whole loop: call, result, final answer. Resolves with that. */
  loop(target: Target, prompt: string, setting: LoopSetting): Promise<string>;
}

export type LoopSetting = { readonly weather: Weather; readonly streamed: boolean };

export const TOOL = {
  name: 'get_weather',
  description: 'The weather of a city',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
} as const;

/** The city of arguments that came as JSON. */
export const cityOf = (said: string): unknown => (JSON.parse(said) as { city: unknown }).city;
