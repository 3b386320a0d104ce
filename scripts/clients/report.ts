/** What a turn of an agent came to: judged by the file, by the tool's way back and by Sluice's own log. */

import type { Ended } from './child.ts';
import { type CallLine, MODELS, type Model } from './relay.ts';
import type { Exchange } from './wire.ts';

export type Turn = {
  readonly agent: string;
  readonly version: string;
  /** What it speaks. */
  readonly wire: string;
  readonly model: Model;
  readonly ended: Ended;
  /** The file is there, with the text. */
  readonly isWritten: boolean;
  readonly exchanges: readonly Exchange[];
  readonly calls: readonly CallLine[];
};

/** The id of a call, as the simulator makes them; in Gemini's dialect results may come without. */
const RESULT = /call_[0-9a-f]{24}|"functionResponse"/;

/** The result of the tool was sent back. */
const cameBack = ({ exchanges }: Turn): boolean => exchanges.some(({ body }) => RESULT.test(body));

/** All calls in the log are of the model that was asked for, on the one channel that has it, and ended well. */
const isLogged = ({ calls, model }: Turn): boolean =>
  calls.length > 0 &&
  calls.every((call) => call.model === model && call.channel === MODELS[model] && call.end === 'complete');

export const isGood = (turn: Turn): boolean =>
  turn.isWritten && cameBack(turn) && isLogged(turn) && turn.ended.code === 0;

const droppedBy = ({ exchanges }: Turn): string =>
  [...new Set(exchanges.flatMap(({ dropped }) => dropped.split(/,\s*/)))].filter(Boolean).join(', ');

/** A line, and behind it what may explain a failure. */
export function resultOf(turn: Turn, verbose: boolean): string {
  const { agent, wire, model, ended } = turn;
  const lines = [
    `${isGood(turn) ? '✓' : '✗'} ${agent} ${wire} → ${model} (${(ended.tookMs / 1_000).toFixed(1)} s)`,
  ];
  const dropped = droppedBy(turn);
  if (dropped !== '') lines.push(`    dropped: ${dropped}`);
  for (const { method, path, status, answer } of turn.exchanges)
    if (status >= 400) lines.push(`    ${method} ${path} → ${status} ${answer.slice(0, 300)}`);
  if (verbose || !isGood(turn)) lines.push(`    exit ${ended.code}: ${ended.output.slice(-2_000)}`);
  return lines.join('\n');
}

const tick = (holds: boolean): string => (holds ? '✓' : '✗');

/** In Markdown. */
export function tableOf(turns: readonly Turn[]): string {
  const rows = turns.map((turn) => {
    const { agent, version, wire, model, calls, ended } = turn;
    const sum = (of: (call: CallLine) => number): number => calls.reduce((all, call) => all + of(call), 0);
    return [
      `${agent} ${version}`,
      wire,
      `${model}: ${MODELS[model]}`,
      tick(turn.isWritten),
      tick(cameBack(turn)),
      tick(isLogged(turn)),
      calls.length,
      `${sum(({ input }) => input)} / ${sum(({ output }) => output)}`,
      (ended.tookMs / 1_000).toFixed(1),
    ];
  });
  return [
    ['client', 'speaks', 'model: channel', 'file', 'tool result', 'log', 'calls', 'tokens in / out', 's'],
    Array.from({ length: 9 }, () => '---'),
    ...rows,
  ]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** A tick per client and model, for the document. `own`: client and account speak the same. */
export function matrixOf(turns: readonly Turn[], day: string): string {
  const models = (Object.keys(MODELS) as Model[]).filter((model) =>
    turns.some((turn) => turn.model === model),
  );
  const rows = Map.groupBy(turns, ({ agent, version, wire }) => `${agent} | ${version} | ${wire}`);
  const cellOf = (turn: Turn | undefined): string => {
    if (turn === undefined) return '';
    const own = turn.wire.startsWith(dialectOf(turn.model));
    return `${tick(isGood(turn))}${own ? ' own' : ''}`;
  };
  return [
    `Driven on ${day}, Node ${process.version.slice(1)}; below each model what its account speaks:`,
    '',
    ...[
      ['client | version | speaks', ...models.map((model) => `${model}<br>${dialectOf(model)}`)],
      ['---|---|---', ...models.map(() => ':-:')],
      ...[...rows].map(([name, own]) => [
        name,
        ...models.map((model) => cellOf(own.find((turn) => turn.model === model))),
      ]),
    ].map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}

const dialectOf = (model: Model): string => MODELS[model].split('/')[0] ?? '';
