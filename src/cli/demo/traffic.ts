/**
 * What is sent: the same calls to every contender, three times the quota of one account, in the groups in which agents
 * call. The rate holds over a few seconds; within a second it does not, which is what a limit per second refuses.
 */

/** The founding article's snapshot: 60 RPM, 100,000 TPM, hence 1 RPS. */
export const MODEL = 'qwen3-max-2025-09-23';

/** Of one account, per second: 60 RPM / 60. Source: https://www.alibabacloud.com/help/en/model-studio/rate-limit */
export const QUOTA_PER_SECOND = 1;

/** Three times the quota of one account. */
export const CALLS_PER_SECOND = 3 * QUOTA_PER_SECOND;

export type Arrival = {
  /** After the start. */
  readonly atMs: number;
  readonly prompt: string;
};

export type TrafficOptions = { readonly seconds: number; readonly random: () => number };

const LARGEST_GROUP = 6;
/** Calls of a group leave within this time. */
const GROUP_MS = 20;
/** An agent's turn carries its history; four ASCII characters are about a token. */
const SHORTEST_PROMPT = 800;
const LONGEST_PROMPT = 3_200;

/** In order of arrival, exactly `CALLS_PER_SECOND` x `seconds` of them, all within `seconds`. */
export function planTraffic({ seconds, random }: TrafficOptions): readonly Arrival[] {
  const total = Math.round(CALLS_PER_SECOND * seconds);
  const arrivals: Arrival[] = [];
  for (let group = 1; arrivals.length < total; group += 1) {
    const size = Math.min(total - arrivals.length, 1 + Math.floor(random() * LARGEST_GROUP));
    // Each group has the time that its calls take at the mean rate, and comes somewhere in its first half.
    const startMs = ((arrivals.length + (random() * size) / 2) * 1_000) / CALLS_PER_SECOND;
    for (let step = 1; step <= size; step += 1)
      arrivals.push({
        atMs: startMs + ((step - 1) * GROUP_MS) / LARGEST_GROUP,
        prompt: promptOf(
          `Agent ${group}, step ${step}.`,
          SHORTEST_PROMPT + random() * (LONGEST_PROMPT - SHORTEST_PROMPT),
        ),
      });
  }
  return arrivals;
}

const HISTORY = ' The gate opens, water runs evenly through every channel, and no field waits in vain.';

function promptOf(task: string, length: number): string {
  const rounds = Math.ceil((length - task.length) / HISTORY.length);
  return `${task}${HISTORY.repeat(rounds)}`.slice(0, Math.ceil(length));
}
