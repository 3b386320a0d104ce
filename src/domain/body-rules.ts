/**
 * What is changed in the body of a request on its way to a provider: fields that it is known to refuse are dropped or
 * renamed, others set. Plain data, of a provider or of an account; `relay/body-rules.ts` applies it by splicing.
 */

export type BodyRules = {
  /** Fields to leave out, `messages[].name` for one inside a list. */
  readonly drop?: readonly string[];
  /** Fields to leave out without a word, because nothing is lost by it. */
  readonly omit?: readonly string[];
  /** Fields of the body itself, by their old names. */
  readonly rename?: Readonly<Record<string, string>>;
  /** Fields of the body itself that get this value, whatever the client said. */
  readonly set?: Readonly<Record<string, unknown>>;
  /** Words that are said otherwise there, by the field that holds them: `{ 'messages[].role': { developer: 'system' } }`. */
  readonly swap?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Texts that must have nine letters or digits; others become a fingerprint that does, the same one everywhere. */
  readonly nine?: readonly string[];
};

/** What decides where a call goes and how its answer is read: no rule may touch it. */
export const UNTOUCHABLE: readonly string[] = ['model', 'stream'];
