/** What the clients of one contender have seen so far, in ms after the start: for the display, the table and the chart. */

export type Answer = {
  readonly atMs: number;
  /** From arrival to answer, without the model's own time. */
  readonly waitMs: number;
  /** Input and output. */
  readonly tokens: number;
};

export class Journal {
  arrived = 0;
  readonly answers: Answer[] = [];
  /** Every 429 that reached a client, those that were tried again included. */
  readonly refusedAtMs: number[] = [];
  /** Why each failed call failed. */
  readonly failures: string[] = [];

  get waiting(): number {
    return this.arrived - this.answers.length - this.failures.length;
  }
}
