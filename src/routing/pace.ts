/**
 * How quick a channel has been lately: how long until its first token, and how many tokens a second after it. Learned
 * from every stream that ended well, the later ones counting more. For calls that wish for the quickest.
 */

import type { Story } from '../domain/story.ts';
import { outputTotal } from '../domain/usage.ts';

/** What a new stream counts beside all before it. */
const NEW_SHARE = 0.2;
/** A shorter answer says little of a pace. */
const LEAST_TOKENS = 20;

type Beat = { latencyMs: number; tokensPerSecond: number | undefined };

export type Pace = {
  /** A call is over. Cheap: it is told of every one. */
  saw(story: Story): void;
  /** Undefined: nothing is known of it yet. */
  latencyMs(channel: string): number | undefined;
  tokensPerSecond(channel: string): number | undefined;
};

export function createPace(): Pace {
  const beats = new Map<string, Beat>();
  return {
    saw(story) {
      const { stream, end, servedChannel, firstContentMs, arrivedAtMs, durationMs, usage } = story;
      const startedAtMs = story.attempts.at(-1)?.startedAtMs;
      if (!stream || end !== 'complete' || servedChannel === undefined) return;
      if (firstContentMs === undefined || startedAtMs === undefined) return;
      const latencyMs = Math.max(0, firstContentMs - (startedAtMs - arrivedAtMs));
      const restMs = durationMs - firstContentMs;
      const tokens = usage === undefined ? 0 : outputTotal(usage);
      const pace = tokens >= LEAST_TOKENS && restMs > 0 ? (tokens * 1_000) / restMs : undefined;
      const beat = beats.get(servedChannel);
      if (beat === undefined) beats.set(servedChannel, { latencyMs, tokensPerSecond: pace });
      else {
        beat.latencyMs += NEW_SHARE * (latencyMs - beat.latencyMs);
        if (pace !== undefined)
          beat.tokensPerSecond =
            beat.tokensPerSecond === undefined
              ? pace
              : beat.tokensPerSecond + NEW_SHARE * (pace - beat.tokensPerSecond);
      }
    },
    latencyMs: (channel) => beats.get(channel)?.latencyMs,
    tokensPerSecond: (channel) => beats.get(channel)?.tokensPerSecond,
  };
}
