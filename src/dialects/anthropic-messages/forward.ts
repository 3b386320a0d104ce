/** The upstream's frame for a client of the same dialect, with the model that served: only the first event names it. */

import { splice, topLevelFields } from '../../base/json.ts';
import { readSseEvent, writeSseEvent } from '../../base/sse.ts';
import type { Chunk, ForwardOptions } from '../dialect.ts';

export function forward(chunk: Chunk, { model }: ForwardOptions): Buffer {
  const { frame } = chunk;
  if (chunk.model === undefined || chunk.model === model) return frame;
  const data = /(?:^|[\r\n])data:/.exec(frame.toString('latin1'))?.index ?? 0;
  const inPlace = renamed(frame, frame.indexOf('{', data), model);
  if (inPlace !== undefined) return inPlace;
  // The object spans several data lines: it is renamed as the text that they make together.
  const event = readSseEvent(frame);
  const whole = event.data === undefined ? undefined : renamed(Buffer.from(event.data), 0, model);
  return whole === undefined ? frame : writeSseEvent(whole.toString('utf8'), event.name || undefined);
}

function renamed(bytes: Buffer, object: number, model: string): Buffer | undefined {
  const message = object < 0 ? undefined : topLevelFields(bytes, object)?.get('message');
  const span = message === undefined ? undefined : topLevelFields(bytes, message.start)?.get('model');
  return span === undefined ? undefined : splice(bytes, [{ ...span, text: JSON.stringify(model) }]);
}
