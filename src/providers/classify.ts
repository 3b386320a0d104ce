/**
 * Turns the facts of a refusal into a `Failure` by a table of rules: what relays say of themselves, the provider's own,
 * codes that belong to others, then what is common to all. Structure decides before words: a rule names codes and
 * statuses, and looks at the text only where the same code means two things. The failure speaks in our words.
 */

import {
  type Confidence,
  Failure,
  type FailureKind,
  type FailureOptions,
  ruleOf,
} from '../domain/failure.ts';
import type { LimitName } from '../domain/limits.ts';
import { RULES_ABROAD } from './classify-abroad.ts';
import { RULES_FOR_ANY } from './classify-any.ts';
import { RELAY_RULES } from './classify-relays.ts';
import type { Refusal } from './provider.ts';
import { type RefusalFacts, readRefusal } from './refusal.ts';
import type { Rule, Then, When } from './refusal-rule.ts';
import { clientBodyOf, plainName, redact, sampleOf } from './refusal-text.ts';
import { beijingMidnightMs, pacificMidnightMs, printedMs, resetHeaderMs, stampMs } from './refusal-times.ts';

/** A limit of a minute is over after a minute: a hint beyond this is about something else, or wrong. */
const LONGEST_MINUTE_HINT_MS = 120_000;

const MINUTE_KINDS: ReadonlySet<FailureKind> = new Set([
  'rpm',
  'tpm',
  'rps',
  'tps',
  'burst',
  'concurrency',
  'overload',
  'upstream_error',
  'unknown',
]);

const LIMIT_OF: Partial<Record<FailureKind, LimitName>> = {
  rpm: 'rpm',
  tpm: 'tpm',
  rps: 'rps',
  tps: 'tps',
  concurrency: 'concurrency',
  burst: 'ramp',
};

/**
 * `rules` are the provider's own; `guesses` are another's, for a server of whom nobody knows how it means them, and no
 * surer than what is common to all.
 */
export function createClassifier(
  who: string,
  rules: readonly Rule[],
  guesses: readonly Rule[] = [],
): (refusal: Refusal) => Failure {
  const known: readonly Rule[] = [...RELAY_RULES, ...rules, ...RULES_ABROAD];
  const all: readonly Rule[] = [...known, ...guesses, ...RULES_FOR_ANY];
  return (refusal) => {
    const facts = readRefusal(refusal);
    const index = all.findIndex(([when]) => holds(when, facts));
    const [when, kind, then = {}] = all[index] ?? NO_RULE;
    const confidence =
      kind === 'unknown' ? 'low' : (then.confidence ?? confidenceOf(when, index < known.length));
    return failureOf(kind, then, { who, facts, confidence, body: refusal.body });
  };
}

const NO_RULE: Rule = [{}, 'unknown'];

/** Words may be rewritten, a name that many share may mean many things, and a bare status says next to nothing. */
function confidenceOf(when: When, isKnown: boolean): Confidence {
  if (when.words !== undefined || when.hintOverMs !== undefined) return 'medium';
  if (when.named === undefined && when.quota === undefined && when.header === undefined)
    return when.isOversized === true ? 'medium' : 'low';
  return isKnown ? 'high' : 'medium';
}

function holds(when: When, facts: RefusalFacts): boolean {
  const { status, named, words, quota, header, hintOverMs, isOversized } = when;
  if (status !== undefined && status !== facts.status)
    if (typeof status === 'number' || !status.includes(facts.status)) return false;
  if (named !== undefined && !named.some((name) => isNamed(facts.names, name.toLowerCase()))) return false;
  if (words !== undefined && !words.test(facts.message)) return false;
  if (quota !== undefined && !facts.quotas.some((id) => quota.test(id))) return false;
  if (header !== undefined && !header[1].test(facts.headers[header[0]] ?? '')) return false;
  if (isOversized && (facts.asked === undefined || facts.asked.requested <= facts.asked.limit)) return false;
  return hintOverMs === undefined || (facts.hintMs ?? 0) > hintOverMs;
}

function isNamed(names: ReadonlySet<string>, name: string): boolean {
  if (!name.endsWith('*')) return names.has(name);
  const start = name.slice(0, -1);
  for (const given of names) if (given.startsWith(start)) return true;
  return false;
}

type Seen = {
  readonly who: string;
  readonly facts: RefusalFacts;
  readonly confidence: Confidence;
  readonly body: string;
};

function failureOf(kind: FailureKind, then: Then, { who, facts, confidence, body }: Seen): Failure {
  const rule = ruleOf(kind);
  const code = plainName(facts.code);
  const said = then.say ?? rule.meaning.replace(/\.$/, '').replace(/^./, (letter) => letter.toLowerCase());
  const seen = [facts.status === 0 ? 'in the stream' : String(facts.status), code].filter(Boolean).join(' ');
  const limit = LIMIT_OF[kind];
  return new Failure(kind, {
    message: `${who}: ${said} (${seen})`,
    confidence,
    ...(then.scope === undefined ? {} : { scope: then.scope }),
    ...(limit === undefined ? {} : { limit }),
    ...(kind === 'unknown' ? { sample: sampleOf(facts.status, body) } : {}),
    ...(rule.blame === 'client' ? forClient(kind, then, facts) : timesOf(kind, then, facts)),
  });
}

/** The client's own mistake: it sees the provider's cleaned text. Our own doors (401, 403, 429) never open that way. */
function forClient(kind: FailureKind, then: Then, facts: RefusalFacts): Partial<FailureOptions> {
  const rule = ruleOf(kind);
  const param = plainName(facts.param);
  const code = rule.code ?? plainName(facts.code) ?? null;
  const keeps = kind === 'upstream_rejected' && OWN_MISTAKE.has(facts.status);
  return {
    status: then.status ?? (keeps ? facts.status : rule.status),
    ...(param === undefined ? {} : { param }),
    clientBody: clientBodyOf({ message: textFor(kind, facts), code, param }),
  };
}

/** What the provider said of a request that is the client's own affair, cleaned, whatever its status means to a model. */
export function clientWordsOf(refusal: Refusal): Pick<FailureOptions, 'clientBody'> {
  const { message, code, param } = readRefusal(refusal);
  const text = redact(message);
  if (text === '') return {};
  return {
    clientBody: clientBodyOf({ message: text, code: plainName(code) ?? null, param: plainName(param) }),
  };
}

/** A text about limits speaks of the account's, whose name is nobody's business: of it the two numbers are kept. */
function textFor(kind: FailureKind, { message, asked }: RefusalFacts): string {
  const { meaning } = ruleOf(kind);
  if (kind === 'too_large')
    return asked === undefined ? meaning : `${meaning} Limit ${asked.limit}, requested ${asked.requested}.`;
  const text = redact(message);
  return text === '' ? meaning : text;
}

const OWN_MISTAKE: ReadonlySet<number> = new Set([400, 405, 409, 411, 413, 414, 415, 416, 422, 431]);

function timesOf(kind: FailureKind, then: Then, facts: RefusalFacts): Partial<FailureOptions> {
  if (then.until !== undefined) {
    const resetAtMs = endOf(then.until, facts);
    if (resetAtMs !== undefined) return { resetAtMs };
    // Nothing readable was printed: a long hint is then the better word.
    return facts.hintMs === undefined ? {} : { retryAfterMs: facts.hintMs };
  }
  if (kind === 'day' || kind === 'plan')
    return facts.hintMs === undefined ? {} : { retryAfterMs: facts.hintMs };
  if (!MINUTE_KINDS.has(kind)) return {};
  const family = kind === 'tpm' || kind === 'tps' ? 'tokens' : 'requests';
  const limited = kind === 'rpm' || kind === 'tpm';
  const hintMs = facts.hintMs ?? (limited ? resetHeaderMs(facts.headers, family, facts.nowMs) : undefined);
  return hintMs === undefined ? {} : { retryAfterMs: Math.min(hintMs, LONGEST_MINUTE_HINT_MS) };
}

function endOf(until: NonNullable<Then['until']>, facts: RefusalFacts): number | undefined {
  const { nowMs, message } = facts;
  switch (until) {
    case 'stamp': {
      const atMs = stampMs(facts.resetStamp) ?? stampMs(facts.headers['anthropic-ratelimit-unified-reset']);
      return atMs !== undefined && atMs > nowMs ? atMs : undefined;
    }
    case 'sluice-reset': {
      const atMs = stampMs(facts.headers['x-sluice-reset']);
      return atMs !== undefined && atMs > nowMs ? atMs : undefined;
    }
    case 'printed-utc':
      return printedMs(message, { nowMs, zoneHours: 0 });
    case 'printed-beijing':
      return printedMs(message, { nowMs, zoneHours: 8 });
    case 'midnight-pacific':
      return pacificMidnightMs(nowMs);
    case 'midnight-beijing':
      return beijingMidnightMs(nowMs);
  }
}
