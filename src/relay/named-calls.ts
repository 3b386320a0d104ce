/**
 * Calls of tools on their way between dialects: each is told from its first delta on with its name and an id that is
 * nobody else's in the conversation, as clients expect it, whatever order the provider tells them in, or leaves them out.
 */

import type { ChatEvent } from '../domain/chat.ts';

type CallEvent = Extract<ChatEvent, { type: 'tool-call' }>;

export class NamedCalls {
  readonly #told = new Map<string, Told>();
  /** Those of which the name has not come yet. */
  readonly #held = new Map<string, CallEvent>();

  /** True where anything was called. */
  get any(): boolean {
    return this.#told.size + this.#held.size > 0;
  }

  /** Undefined: it waits for its name. `answer`: the id of the answer. */
  take(event: CallEvent, answer: string): CallEvent | undefined {
    const place = `${event.choice ?? 0}/${event.index}`;
    const told = this.#told.get(place);
    if (told !== undefined) {
      told.isBare &&= event.arguments === '';
      const { id: _id, name: _name, ...rest } = event;
      return rest;
    }
    const held = this.#held.get(place);
    const whole = held === undefined ? event : joined(held, event);
    if (!whole.name) {
      this.#held.set(place, whole);
      return undefined;
    }
    return this.#tell(place, whole, answer);
  }

  /** What never got a name, at the end. */
  rest(answer: string): CallEvent[] {
    return [...this.#held].map(([place, event]) => this.#tell(place, event, answer));
  }

  /**
   * The arguments of those that were called without any, of the choice that ends: some tell none, where others read
   * JSON. Told once.
   */
  bare(choice: number): CallEvent[] {
    const given: CallEvent[] = [];
    for (const told of this.#told.values()) {
      const { event } = told;
      if (!told.isBare || (event.choice ?? 0) !== choice) continue;
      told.isBare = false;
      const { id: _id, signature: _seal, ...rest } = event;
      given.push({ ...rest, arguments: '{}' });
    }
    return given;
  }

  #tell(place: string, event: CallEvent, answer: string): CallEvent {
    this.#held.delete(place);
    this.#told.set(place, { event, isBare: event.arguments === '' });
    if (event.id) return event;
    return {
      ...event,
      id: `call_${answer.replace(/[^A-Za-z0-9_-]/g, '').slice(-24)}_${place.replace('/', '_')}`,
    };
  }
}

/** `isBare`: no arguments have come yet. */
type Told = { readonly event: CallEvent; isBare: boolean };

const joined = (held: CallEvent, event: CallEvent): CallEvent => ({
  ...held,
  ...event,
  ...(event.id || !held.id ? {} : { id: held.id }),
  arguments: held.arguments + event.arguments,
});
