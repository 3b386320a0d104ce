/** Opens the signed ids of one request, and keeps the one account to which all of them must belong. */

import { looksSigned, type ObjectIds } from '../access/object-ids.ts';
import { Failure } from '../domain/failure.ts';
import type { Opening } from '../relay/objects/object-fields.ts';

type Asked = {
  readonly key: string;
  readonly accounts: readonly string[];
  /** The relay has a single key, to which everything belongs: the provider's own ids are its ids too. */
  readonly alone?: boolean;
};

export class IdOpener implements Opening {
  readonly #ids: ObjectIds;
  readonly #asked: Asked;
  #account: string | undefined;
  #first = '';

  constructor(ids: ObjectIds, asked: Asked) {
    this.#ids = ids;
    this.#asked = asked;
  }

  /** That has the objects; undefined while no id was opened. */
  get account(): string | undefined {
    return this.#account;
  }

  /** Throws `object_not_found`, or `invalid_request` for ids of two accounts. */
  signed(text: string): string | undefined {
    if (!looksSigned(text)) return undefined;
    const opened = this.#ids.open(text, this.#asked);
    if (opened === undefined) throw unknown(text);
    if (this.#account !== undefined && this.#account !== opened.account)
      throw new Failure('invalid_request', {
        message:
          `'${this.#first}' and '${text}' lie on two accounts and cannot be used together. ` +
          'Create both with the same x-sluice-account.',
      });
    if (this.#account === undefined) this.#first = text;
    this.#account = opened.account;
    return opened.id;
  }

  /** A string where only an id can stand. */
  id(text: string): string {
    const own = this.signed(text);
    if (own === undefined) this.raw(text);
    return own ?? text;
  }

  raw(text: string, field?: string): void {
    if (this.#asked.alone !== true) throw unknown(text, field);
  }
}

const unknown = (text: string, field?: string): Failure =>
  new Failure('object_not_found', {
    message:
      `${field === undefined ? '' : `${field}: `}'${text.slice(0, 200)}' is no id that this relay gave to this key. ` +
      'Use ids as they were given here, with the same key.',
    ...(field === undefined ? {} : { param: field }),
  });
