/**
 * Money for a call, where its key is charged to purses. It is held at the door, so that who has too little is told at
 * once and spends nothing of its limits; let go of while the call stands in a line, so that those who wait keep nothing
 * from those who could start; and held again before it is sent. From the first byte of an answer on it stays held.
 */

import type { HoldAsk, HoldOffer } from '../ledger/ledger.ts';
import type { Journey } from './journey.ts';

/** Throws the failures of `Ledger.hold`. A promise only where the database must be asked. */
export function holdFunds(journey: Journey): Promise<void> | undefined {
  const { ledger } = journey.rooms;
  if (ledger === undefined || journey.hold !== undefined || journey.paysNothing) return undefined;
  const hold = ledger.hold(journey.call.key, () => askOf(journey));
  if (hold instanceof Promise)
    return hold.then((held) => {
      journey.hold = held;
    });
  journey.hold = hold;
  journey.paysNothing = hold === undefined;
  return undefined;
}

function askOf(journey: Journey): HoldAsk {
  const { call, rooms } = journey;
  const { head, key } = call;
  return {
    call: call.id,
    offers: offersOf(journey),
    inputTokens: rooms.calibration.estimate(journey.model.channels[0]?.upstreamModel ?? journey.model.name, {
      key: key.id,
      rawInputTokens: journey.rawInputTokens,
      maxOutputTokens: head.maxOutputTokens,
    }).inputTokens,
    maxOutputTokens: head.maxOutputTokens,
    answers: head.answers ?? 1,
  };
}

const offersOf = (journey: Journey): readonly HoldOffer[] =>
  [journey.model, ...journey.fallbackModels].flatMap(({ name, channels }) =>
    journey.channelsOf(channels).map((channel) => ({ model: name, channel })),
  );
