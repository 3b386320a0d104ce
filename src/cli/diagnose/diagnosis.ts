/** Puts the pieces together: what was found in a text, whose it is, what that means. */

import { Failure, type FailureKind } from '../../domain/failure.ts';
import { providerOf, providers } from '../../providers/index.ts';
import type { Provider } from '../../providers/provider.ts';
import { plainName } from '../../providers/refusal-text.ts';
import { type Evidence, findEvidence } from './evidence.ts';
import { type Guess, guessProviders } from './guess.ts';
import type { OwnCall, OwnVerdict } from './own-log.ts';
import { groupReadings, type Reading, readAs } from './reading.ts';
import { createShown, type Shown } from './shown-text.ts';
import { type VerdictView, viewOf } from './view.ts';

export type ReadingView = {
  /** Ids of those who mean it so, the likeliest first. */
  readonly providers: readonly string[];
  readonly verdict: VerdictView;
  readonly assumedStatus: number | undefined;
};

export type Finding = {
  readonly form: Evidence['form'] | 'sluice';
  /** How often the same was found. */
  readonly count: number;
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly message: string;
  /** `given` by the user, `guessed` from marks, `unknown`: nothing says it. */
  readonly provider: { readonly by: 'given' | 'guessed' | 'unknown' | 'log'; readonly why: string };
  readonly readings: readonly ReadingView[];
  /** Ids of providers that were asked, too, and know no rule for it. */
  readonly unknownTo: readonly string[];
};

export type CallView = {
  readonly id: string;
  readonly model: string;
  readonly end: string | undefined;
  readonly status: number | undefined;
  readonly attempts: number;
  readonly failures: readonly {
    readonly kind: FailureKind;
    readonly count: number;
    readonly channels: readonly string[];
  }[];
};

export type Diagnosis = {
  readonly recognised: boolean;
  readonly calls: readonly CallView[];
  /** Calls of the log beyond those listed; their failures are counted all the same. */
  readonly callsLeft: number;
  readonly findings: readonly Finding[];
  /** Different findings beyond those shown. */
  readonly left: number;
  /** The status of an answer that was no refusal. */
  readonly served: number | undefined;
};

export type DiagnosisOptions = {
  readonly provider: Provider | undefined;
  readonly status: number | undefined;
  readonly nowMs: number;
  readonly timeZone: string | undefined;
};

/** More than this nobody reads; the rest is counted. */
const MOST_FINDINGS = 5;
const MOST_CALLS = 10;

export function diagnosisOf(text: string, options: DiagnosisOptions): Diagnosis {
  const shown = createShown(text);
  const { evidence, calls, served } = findEvidence(text);
  const all = new Map<string, Finding>();
  const add = (finding: Finding): void => {
    const { code, message, status, readings } = finding;
    const verdicts = readings.map(({ providers: by, verdict }) => [by[0], verdict.kind, verdict.scope]);
    const key = JSON.stringify([status, code, message.replace(/\d+/g, '#'), verdicts]);
    const before = all.get(key);
    all.set(key, before === undefined ? finding : { ...before, count: before.count + finding.count });
  };
  for (const { same, count } of countedBy(evidence, ({ status, body }) => `${status ?? ''} ${body}`)) {
    const finding = findingOf(same, options, shown);
    if (finding !== undefined) add({ ...finding, count });
  }
  for (const call of calls) for (const verdict of call.verdicts) add(ownFinding(verdict, options, shown));
  const findings = [...all.values()];
  return {
    recognised: findings.some(({ readings }) => readings.some(({ verdict }) => verdict.kind !== 'unknown')),
    calls: calls.slice(0, MOST_CALLS).map((call) => callView(call, shown)),
    callsLeft: Math.max(0, calls.length - MOST_CALLS),
    findings: findings.slice(0, MOST_FINDINGS),
    left: Math.max(0, findings.length - MOST_FINDINGS),
    served,
  };
}

/** A log repeats itself: each is judged once. */
function countedBy<T>(all: readonly T[], keyOf: (one: T) => string): { same: T; count: number }[] {
  const counted = new Map<string, { same: T; count: number }>();
  for (const same of all) {
    const before = counted.get(keyOf(same));
    if (before === undefined) counted.set(keyOf(same), { same, count: 1 });
    else before.count++;
  }
  return [...counted.values()];
}

function findingOf(given: Evidence, options: DiagnosisOptions, shown: Shown): Finding | undefined {
  const evidence = options.status === undefined ? given : { ...given, status: options.status };
  const answeredAtMs = answeredAt(evidence, options.nowMs);
  const { ids, by, why } = whose(evidence, options.provider);
  const ask = (id: string): readonly Reading[] => {
    const provider = providerOf(id);
    return provider === undefined ? [] : [readAs(provider, evidence, answeredAtMs)];
  };
  let asked = ids.flatMap(ask);
  if (by !== 'given' && asked.every(({ failure }) => failure.kind === 'unknown'))
    // Then whoever knows the words.
    asked = [...providers.flatMap(({ id }) => ask(id)).filter(({ bodyTells }) => bodyTells), ...asked];
  const readings = groupReadings(asked);
  const [first] = readings;
  if (first === undefined) return undefined;
  // Words without a status, in which nobody finds anything: no error at all.
  const isProse = evidence.status === undefined && (evidence.form === 'text' || evidence.form === 'body');
  if (isProse && first.failure.kind === 'unknown' && !first.statusTold && !hasNames(first)) return undefined;
  const { facts } = first;
  return {
    form: evidence.form,
    count: 1,
    status: first.statusTold ? facts.status : undefined,
    code: plainName(facts.code),
    message: shown(facts.message),
    provider: { by, why },
    readings: readings.map((reading) =>
      readingView(reading, { ...options, answeredAtMs, anybody: by === 'unknown' && readings.length === 1 }),
    ),
    unknownTo: asked
      .filter((reading) => reading.failure.kind === 'unknown' && first.failure.kind !== 'unknown')
      .flatMap(({ providers: [provider] }) => (provider === undefined ? [] : [provider.id])),
  };
}

const hasNames = ({ facts }: Reading): boolean => [...facts.names].some((name) => !/^\d{3}$/.test(name));

type ReadingOptions = DiagnosisOptions & {
  readonly answeredAtMs: number;
  /** Several agree and nobody knows whose it is: no advice of one of them alone. */
  readonly anybody: boolean;
};

function readingView(reading: Reading, options: ReadingOptions): ReadingView {
  const { providers: by, failure, toldBy, assumedStatus } = reading;
  const adviser = options.anybody && by.length > 1 ? undefined : by[0]?.id;
  return {
    providers: by.map(({ id }) => id),
    verdict: viewOf(failure, { ...options, provider: adviser, toldBy }),
    assumedStatus,
  };
}

type Whose = Pick<Finding['provider'], 'by' | 'why'> & { readonly ids: readonly string[] };

/** Asked where nothing points to anybody else: the way of most, and the one that uses the same words otherwise. */
const USUAL = ['qwen', 'openai'] as const;

function whose(evidence: Evidence, given: Provider | undefined): Whose {
  if (given !== undefined) return { ids: [given.id], by: 'given', why: '--provider' };
  const guesses = guessProviders(evidence.context, evidence.body, evidence.headers);
  const sure = guesses.filter((guess) => guess.sure);
  if (sure.length > 0) return { ids: sure.map(({ provider }) => provider), by: 'guessed', why: whyOf(sure) };
  const likely = guesses.map(({ provider }) => provider);
  const ids = [...new Set([...likely, ...USUAL])];
  if (likely.length === 0) return { ids, by: 'unknown', why: 'nothing in the text says whose it is' };
  return { ids, by: 'guessed', why: `${whyOf(guesses)}; not certain` };
}

const whyOf = (guesses: readonly Guess[]): string => guesses.map(({ why }) => why).join(', ');

/** Hints count from the answer, which may be old: its `date` says so. */
function answeredAt({ headers }: Evidence, nowMs: number): number {
  const ms = Date.parse(headers['date'] ?? '');
  return Number.isNaN(ms) || ms > nowMs ? nowMs : ms;
}

function ownFinding(verdict: OwnVerdict, options: DiagnosisOptions, shown: Shown): Finding {
  const { kind, count, status, detail, channels } = verdict;
  const message = shown(detail ?? '');
  const id = /^([a-z-]+): /.exec(message)?.[1];
  const provider = providers.find((each) => each.id === id);
  const failure = new Failure(kind, { message });
  return {
    form: 'sluice',
    count,
    status,
    code: undefined,
    message,
    provider: {
      by: 'log',
      why:
        channels.length === 0
          ? 'none: the end of the call'
          : channels.map((name) => shown(name, 60)).join(', '),
    },
    readings: [
      {
        providers: provider === undefined ? [] : [provider.id],
        verdict: viewOf(failure, {
          ...options,
          provider: provider?.id,
          toldBy: "Sluice's own log",
          answeredAtMs: options.nowMs,
        }),
        assumedStatus: undefined,
      },
    ],
    unknownTo: [],
  };
}

const callView = (call: OwnCall, shown: Shown): CallView => ({
  id: shown(call.id, 80),
  model: shown(call.model, 80),
  end: call.end === undefined ? undefined : shown(call.end, 40),
  status: call.status,
  attempts: call.attempts,
  failures: call.verdicts.map(({ kind, count, channels }) => ({
    kind,
    count,
    channels: channels.map((name) => shown(name, 60)),
  })),
});
