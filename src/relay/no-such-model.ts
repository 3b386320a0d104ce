/** What a client is told whose model does not exist here, or is left with nobody by its own wishes. */

import type { Model } from '../domain/channel.ts';
import { Failure } from '../domain/failure.ts';

export const modelNotFound = (name: string): Failure =>
  new Failure('model_not_found', {
    message: `The model '${name}' does not exist here. GET /v1/models lists those that do.`,
    param: 'model',
  });

export const nobodyWished = ({ name, channels }: Model): Failure =>
  new Failure('model_not_found', {
    message:
      `The wishes in 'provider' leave nobody who serves '${name}' here: its providers are ` +
      `${[...new Set(channels.map(({ account }) => account.provider))].join(', ')}. Ease only, ignore or max_price ` +
      '(a provider whose price is unknown is over any max_price).',
    param: 'provider',
  });
