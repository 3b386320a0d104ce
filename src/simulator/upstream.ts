/**
 * The simulator: Model Studio as a `Fetch`. It tells accounts apart by secret, checks in the vendor's order (secret
 * and region, account, model, parameters, growth, requests, tokens), and answers in the dialect of the path. Which
 * order the vendor really keeps is not published; this one is plausible.
 */

import { type Clock, sleep } from '../base/clock.ts';
import { ConnectionError, type Fetch, type UpstreamRequest, type UpstreamResponse } from '../base/fetch.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { ChatRequest } from '../domain/chat.ts';
import { type AccountOptions, createAccount, type Fault, type SimulatedAccount } from './account.ts';
import { type AnswerOptions, DEFAULT_ANSWERS, planAnswer } from './answers.ts';
import { routeOf, secretOf } from './door.ts';
import { fieldsOfForm } from './forms.ts';
import { createObjects } from './objects.ts';
import { DEFAULT_PACE, type Pace, wholeBody } from './pace.ts';
import { asQwenAsks, faultOf } from './parameters.ts';
import { DEFAULT_REGION, type Region, regionOfHost } from './profiles.ts';
import { DEFAULT_RULES, type LimitKind, type Quota, type QuotaRules, type Ticket } from './quotas.ts';
import type { RefusalKind } from './refusal-kind.ts';
import { planRefusal, type RefusalOptions, writeRefusal } from './refusals.ts';
import { DEFAULT_TIMEOUT_MS, reply } from './reply.ts';
import { type SimulatorStats, statsOf, Tallies, type Tally } from './tally.ts';
import { type Spoken, taskAt } from './tasks.ts';
import { countPrompt } from './token-count.ts';

export type SimulatorOptions = {
  readonly clock: Clock;
  readonly random: () => number;
  readonly accounts: readonly AccountOptions[];
  /** Of accounts that name none. Default: Singapore, whose rows are those of the founding article. */
  readonly region?: Region;
  readonly rules?: Partial<QuotaRules>;
  readonly answers?: Partial<AnswerOptions>;
  readonly pace?: Partial<Pace>;
  /** Share (0-1) of refusals in an odd shape. Default 0.1. */
  readonly oddShare?: number;
  /** Answers longer than this are cut. Default 600 s. */
  readonly timeoutMs?: number;
};

export interface Simulator {
  readonly fetch: Fetch;
  /** Throws on an unknown id. */
  account(id: string): SimulatedAccount;
  readonly accounts: readonly SimulatedAccount[];
  /** Of everything, of one account, or of one model of one account. */
  stats(accountId?: string, model?: string): SimulatorStats;
}

/** Body limit without base64: 16 MiB; with it 64 MiB (https://help.aliyun.com/zh/model-studio/rate-limit). */
export const LARGEST_BODY_BYTES = 64 * 1024 * 1024;

/** How often a call held by `X-DashScope-Wait-Timeout` tries again, and the longest hold. */
const HOLD_STEP_MS = 100;
const LONGEST_HOLD_S = 120;

/** One call on its way through the checks. */
type Visit = {
  readonly request: UpstreamRequest;
  readonly url: URL;
  readonly arrivedMs: number;
  readonly refusal: RefusalOptions;
  /** Where it is counted: nobody's, the account's, at last the quota's. */
  tally: Tally;
};

type AskedSize = { readonly promptTokens: number; readonly maxOutputTokens: number | undefined };

export function createSimulator(options: SimulatorOptions): Simulator {
  const { clock, random } = options;
  const rules = { ...DEFAULT_RULES, ...options.rules };
  const answers = { ...DEFAULT_ANSWERS, ...options.answers };
  const pace = { ...DEFAULT_PACE, ...options.pace };
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const setting = { clock, rules, region: options.region ?? DEFAULT_REGION };
  const accounts = new Map(options.accounts.map((each) => [each.id, createAccount(each, setting)]));
  const bySecret = new Map(
    [...accounts.values()].flatMap((account) => account.secrets.map((secret) => [secret, account] as const)),
  );
  const objects = new Map(options.accounts.map(({ id }) => [id, createObjects(id, { clock, random })]));
  const tallies = new Tallies();

  const headersOf = (visit: Visit): Record<string, string> => {
    const nowMs = clock.now();
    const costMs = String(Math.round(nowMs - visit.arrivedMs));
    return {
      'content-type': 'application/json',
      'x-request-id': visit.refusal.requestId,
      'x-dashscope-call-gateway': 'true',
      'x-dashscope-timeout': String(Math.round(timeoutMs / 1_000)),
      'req-cost-time': costMs,
      'req-arrive-time': String(Math.floor(visit.arrivedMs)),
      'resp-start-time': String(Math.floor(nowMs)),
      'x-envoy-upstream-service-time': costMs,
      date: new Date(nowMs).toUTCString(),
      server: 'istio-envoy',
      vary: 'Origin,Access-Control-Request-Method,Access-Control-Request-Headers',
    };
  };

  const refuse = (visit: Visit, kind: RefusalKind, more: Partial<RefusalOptions> = {}): UpstreamResponse => {
    visit.tally.refuse(kind);
    const written = writeRefusal(kind, { ...visit.refusal, ...more });
    const { 'x-dashscope-call-gateway': gateway, ...headers } = headersOf(visit);
    return {
      status: written.status,
      // The one 403 that was captured came without it.
      headers: {
        ...headers,
        ...(written.status === 403 ? {} : { 'x-dashscope-call-gateway': gateway ?? 'true' }),
        ...written.headers,
      },
      body: wholeBody(written.body),
    };
  };

  const fetch: Fetch = async (request) => {
    request.signal.throwIfAborted();
    const url = new URL(request.url);
    const route = routeOf(request.method, url.pathname);
    const visit: Visit = {
      request,
      url,
      arrivedMs: clock.now(),
      refusal: {
        requestId: uuid(random),
        envelope: route.envelope,
        random,
        oddShare: options.oddShare ?? 0.1,
      },
      tally: tallies.strangers,
    };
    // Neither is of any model, nor counted by a limit.
    const isUncounted = route.models || route.objects !== undefined;
    if (!isUncounted) visit.tally.requests += 1;

    const secret = secretOf(request.headers);
    const account = bySecret.get(secret);
    if (account === undefined) return refuse(visit, secret === '' ? 'no-secret' : 'bad-secret');
    if (!isUncounted) tallies.move(visit, tallies.of(account.id));
    if (account.isRevoked(secret)) return refuse(visit, 'bad-secret');
    if ((regionOfHost(url.hostname) ?? account.region) !== account.region)
      return refuse(visit, 'wrong-region');
    if (route.models) return modelsOf(account, headersOf(visit));
    if (route.objects !== undefined) return objectsOf(visit, account, route.objects);
    const task = taskAt(request.method, url.pathname);
    if (task !== undefined) return answerTo(visit, account, task(await fieldsOfForm(request), url.pathname));
    if (route.dialect === undefined) return refuse(visit, 'no-route');
    return answerTo(visit, account, route.dialect);
  };

  const objectsOf = async (
    visit: Visit,
    account: SimulatedAccount,
    path: string,
  ): Promise<UpstreamResponse> => {
    const answer = await objects.get(account.id)?.answer(visit.request, visit.url, path);
    if (answer === undefined || 'missing' in answer)
      return refuse(visit, 'no-route', answer === undefined ? {} : { message: answer.missing });
    if ('wrong' in answer) return refuse(visit, 'parameter', { message: answer.wrong });
    const headers = headersOf(visit);
    if ('json' in answer)
      return { status: 200, headers, body: wholeBody(Buffer.from(JSON.stringify(answer.json))) };
    const type = { 'content-type': 'application/octet-stream', 'content-length': String(answer.size) };
    return { status: 200, headers: { ...headers, ...type }, body: answer.bytes };
  };

  const answerTo = async (
    visit: Visit,
    account: SimulatedAccount,
    dialect: Spoken | Dialect,
  ): Promise<UpstreamResponse> => {
    const body = visit.request.body ?? new Uint8Array();
    if (body.length > LARGEST_BODY_BYTES) return refuse(visit, 'too-large');
    const chat = readChat(dialect, body, visit.url);
    const fault = chat instanceof Error ? undefined : account.takeFault(chat);
    if (fault !== undefined) visit.tally.faults += 1;
    if (fault?.kind === 'refuse-connection')
      throw new ConnectionError('ECONNREFUSED', { message: 'connect ECONNREFUSED', sent: false });
    if (fault?.kind === 'answer') return givenAnswer(fault, headersOf(visit));

    const { state } = account;
    if (state === 'plan') return refuse(visit, 'plan', planRefusal(account.planResetAtMs, clock.now()));
    if (state !== 'ok') return refuse(visit, state);
    if (chat instanceof Error) return refuse(visit, 'parameter', { message: chat.message });
    const quota = account.quota(chat.model);
    if (quota === undefined) return refuse(visit, 'no-model', modelMessage(chat.model, random));

    tallies.move(visit, tallies.of(account.id, chat.model));
    const promptTokens = countPrompt(chat);
    const wrong = faultOf(chat, promptTokens, dialect.id);
    if (wrong !== undefined) return refuse(visit, 'parameter', { message: wrong });

    const ticket = await admit(visit, quota, { promptTokens, maxOutputTokens: chat.maxOutputTokens });
    if (typeof ticket === 'string') return refuse(visit, ticket);
    visit.tally.admitted += 1;
    visit.tally.promptTokens += promptTokens;
    return reply({
      clock,
      signal: visit.request.signal,
      request: chat,
      dialect,
      answer: ('plan' in dialect ? (dialect.plan ?? planAnswer) : planAnswer)(chat, {
        promptTokens,
        random,
        options: answers,
      }),
      pace,
      ticket,
      tally: visit.tally,
      fault,
      arrivedMs: clock.now(),
      timeoutMs,
      refusal: visit.refusal,
      headers: () => headersOf(visit),
    });
  };

  /** A call may ask to be held for a while rather than refused, but only where it grew too quickly. */
  const admit = async (visit: Visit, quota: Quota, size: AskedSize): Promise<Ticket | LimitKind> => {
    quota.arrive();
    const holdS = Number(visit.request.headers['x-dashscope-wait-timeout'] ?? 0);
    const untilMs = visit.arrivedMs + (holdS > 0 ? Math.min(holdS, LONGEST_HOLD_S) * 1_000 : 0);
    for (;;) {
      const answer = quota.admit(size.promptTokens, size.maxOutputTokens);
      const leftMs = untilMs - clock.now();
      if (answer !== 'burst' || leftMs <= 0) return answer;
      await sleep(clock, Math.min(HOLD_STEP_MS, leftMs), visit.request.signal);
    }
  };

  const accountOf = (id: string): SimulatedAccount => {
    const account = accounts.get(id);
    if (account === undefined) throw new RangeError(`no simulated account "${id}"`);
    return account;
  };

  return {
    fetch,
    account: accountOf,
    accounts: [...accounts.values()],
    stats(accountId, model) {
      const chosen = accountId === undefined ? [...accounts.values()] : [accountOf(accountId)];
      const quotas = chosen.flatMap((account) =>
        [...account.quotas()].filter(([name]) => model === undefined || name === model),
      );
      return statsOf(
        tallies.chosen(accountId, model),
        quotas.map(([, quota]) => quota),
      );
    },
  };
}

function readChat(
  dialect: Spoken | Dialect,
  body: Uint8Array,
  { pathname, search }: URL,
): ChatRequest | Error {
  try {
    return 'enter' in dialect && dialect.enter !== undefined
      ? asQwenAsks(dialect, dialect.enter(body, pathname + search))
      : dialect.readRequest(body);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function givenAnswer(fault: Fault, headers: Readonly<Record<string, string>>): UpstreamResponse {
  const { status = 500, body = '' } = fault;
  return { status, headers: { ...headers, ...fault.headers }, body: wholeBody(Buffer.from(body)) };
}

/** 200 whatever the quotas: it tests the secret, nothing else. */
function modelsOf(account: SimulatedAccount, headers: Readonly<Record<string, string>>): UpstreamResponse {
  const data = [...account.models().keys()].map((id) => ({
    id,
    object: 'model',
    created: 1_758_585_600,
    owned_by: 'system',
  }));
  return { status: 200, headers, body: wholeBody(Buffer.from(JSON.stringify({ object: 'list', data }))) };
}

function modelMessage(model: string, random: () => number): { message?: string } {
  const messages = [
    undefined,
    `The model ${model} does not exist.`,
    `The model ${model} does not exist or you do not have access to it.`,
  ];
  const message = messages[Math.floor(random() * messages.length)];
  return message === undefined ? {} : { message };
}

function uuid(random: () => number): string {
  const hex = (): string =>
    Math.floor((1 + random()) * 0x1_0000_0000)
      .toString(16)
      .slice(1);
  const [a, b, c, d] = [hex(), hex(), hex(), hex()];
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-a${c.slice(0, 3)}-${c.slice(4)}${d}`;
}
