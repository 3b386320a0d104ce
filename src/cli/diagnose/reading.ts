/**
 * Asks the classifier of a provider what a refusal means, as the relay would, and finds out by asking again with parts
 * taken away what told it. Where nobody told the status, several are tried.
 */

import type { HeaderMap } from '../../base/fetch.ts';
import type { Failure } from '../../domain/failure.ts';
import type { Provider } from '../../providers/provider.ts';
import { type RefusalFacts, readRefusal } from '../../providers/refusal.ts';
import type { Evidence } from './evidence.ts';

export type Reading = {
  /** All that read it this way, the likeliest first. */
  readonly providers: readonly Provider[];
  readonly failure: Failure;
  readonly facts: RefusalFacts;
  /** The status it was read with, where nobody told one and it matters. */
  readonly assumedStatus: number | undefined;
  /** Somebody told the status: the answer, its body or the user. */
  readonly statusTold: boolean;
  /** The verdict is another than the status alone would give. */
  readonly bodyTells: boolean;
  readonly toldBy: string;
};

type Answer = {
  readonly status: number;
  readonly headers: HeaderMap;
  readonly body: string;
  readonly phase: 'head' | 'stream';
  readonly nowMs: number;
};

/** Statuses that a body without one may have had, the usual first; 0: none was told. */
const STATUSES = [429, 0, 400, 401, 402, 403, 404, 413, 500, 503] as const;

export function readAs(provider: Provider, evidence: Evidence, nowMs: number): Reading {
  const { headers, body, form } = evidence;
  const inStream = form === 'stream';
  const of = (status: number): Answer => ({
    status,
    headers,
    body,
    phase: inStream ? 'stream' : 'head',
    nowMs,
  });
  const status = evidence.status ?? (inStream || readRefusal(of(0)).status > 0 ? 0 : undefined);
  const tried = status ?? STATUSES.find((each) => saysMore(provider, of(each))) ?? 429;
  const answer = of(tried);
  const failure = provider.classify(answer);
  const facts = readRefusal(answer);
  return {
    providers: [provider],
    failure,
    facts,
    assumedStatus:
      status === undefined && tried > 0 && !sameVerdict(failure, provider.classify(of(0)))
        ? tried
        : undefined,
    statusTold: status !== undefined && facts.status > 0,
    bodyTells: saysMore(provider, answer),
    toldBy: toldBy(provider, answer, { failure, facts }),
  };
}

const sameVerdict = (a: Failure, b: Failure): boolean => a.kind === b.kind && a.scope === b.scope;

/** Do body and headers say more than the status alone would? */
function saysMore(provider: Provider, answer: Answer): boolean {
  const failure = provider.classify(answer);
  return (
    failure.kind !== 'unknown' &&
    !sameVerdict(failure, provider.classify({ ...answer, body: '', headers: {} }))
  );
}

type Verdict = { readonly failure: Failure; readonly facts: RefusalFacts };

/** What alone is enough for the same verdict. */
function toldBy(provider: Provider, answer: Answer, { failure, facts }: Verdict): string {
  const enough = (part: Partial<Answer>): boolean =>
    sameVerdict(failure, provider.classify({ ...answer, status: facts.status, ...part }));
  const { status, message } = facts;
  const names = [...facts.names].filter((name) => name !== String(status));
  const [code = '', type = '', word = ''] = names;
  const named = JSON.stringify({ error: { code, type, status: word } });
  const http = status === 0 ? '' : ` (with HTTP ${status})`;
  if (failure.kind === 'unknown') return 'nothing: no rule knows it';
  if (enough({ body: '', headers: {} })) return `HTTP ${status} alone`;
  if (names.length > 0 && enough({ body: named, headers: {}, status: 0 })) return 'its code';
  if (names.length > 0 && enough({ body: named, headers: {} })) return `its code${http}`;
  if (enough({ body: '' })) return 'its headers';
  const words = JSON.stringify({ error: { message } });
  if (enough({ body: words, headers: {}, status: 0 })) return 'its words';
  if (enough({ body: words, headers: {} })) return `its words${http}`;
  if (facts.quotas.length > 0) return "the quota's id in its details";
  if (enough({ headers: {} })) return `its code and its words${http}`;
  return 'its code and its headers';
}

/** Readings that mean the same are one. */
export function groupReadings(readings: readonly Reading[]): readonly Reading[] {
  const groups = new Map<string, Reading>();
  for (const reading of readings) {
    const key = `${reading.failure.kind} ${reading.failure.scope}`;
    const group = groups.get(key);
    groups.set(
      key,
      group === undefined ? reading : { ...group, providers: [...group.providers, ...reading.providers] },
    );
  }
  const all = [...groups.values()];
  const known = all.filter(({ failure }) => failure.kind !== 'unknown');
  return known.length > 0 ? known : all.slice(0, 1);
}
