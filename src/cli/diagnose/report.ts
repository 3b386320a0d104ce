/** Lays a diagnosis out for a terminal: a headline, facts in two columns, what the relay does, what one can do. */

import pc from 'picocolors';
import { providers } from '../../providers/index.ts';
import type { CallView, Diagnosis, Finding, ReadingView } from './diagnosis.ts';

export type ReportOptions = { readonly width: number; readonly color: boolean };

const LABEL = 18;
const WHOSE_IS_IT =
  'The same words mean different things at different providers: name yours with --provider for one answer.';

export function reportText(diagnosis: Diagnosis, { width, color }: ReportOptions): string {
  const paint = pc.createColors(color);
  const wide = Math.min(100, Math.max(50, width)) - 1;

  const row = (label: string, text: string): string => {
    const [first = '', ...more] = wrapped(text, wide - LABEL);
    return [
      `  ${paint.dim(label.padEnd(LABEL - 2))}${first}`,
      ...more.map((line) => ' '.repeat(LABEL) + line),
    ].join('\n');
  };
  const rows = (entries: readonly (readonly [string, string | undefined])[]): string[] =>
    entries.flatMap(([label, text]) => (text === undefined || text === '' ? [] : [row(label, text)]));
  const bullet = (text: string): string => {
    const [first = '', ...more] = wrapped(text, wide - 4);
    return [`  - ${first}`, ...more.map((line) => `    ${line}`)].join('\n');
  };

  const readingText = (finding: Finding, reading: ReadingView, index: number): string => {
    const { verdict } = reading;
    const several = finding.readings.length > 1;
    const at = several ? `${index === 0 ? 'At' : 'But at'} ${namesOf(reading)}: ` : '';
    const headline = wrapped(`${at}${verdict.meaning}`, wide).map((line) => paint.bold(line));
    return [
      ...headline,
      '',
      ...rows([
        ...(index === 0 ? seenRows(finding) : []),
        ['kind', verdict.kind],
        ['limit', verdict.whichLimit],
        ['whose', verdict.whose],
        ['passes', verdict.passes],
        ['told by', toldText(reading)],
      ]),
      '',
      paint.bold('What Sluice does'),
      ...verdict.sluice.map(bullet),
      '',
      paint.bold('What you can do'),
      ...verdict.advice.map(({ when, text }) => row(when, text)),
    ].join('\n');
  };

  const findingText = (finding: Finding): string => {
    const texts = finding.readings.map((reading, index) => readingText(finding, reading, index));
    if (texts.length > 1) texts.push(wrapped(WHOSE_IS_IT, wide).join('\n'));
    return texts.join('\n\n');
  };

  const parts = [
    ...diagnosis.calls.map((call) => wrapped(callText(call), wide).join('\n')),
    ...(diagnosis.callsLeft > 0 ? [`${diagnosis.callsLeft} more calls are counted below, not listed.`] : []),
    ...diagnosis.findings.map(findingText),
  ];
  if (diagnosis.left > 0) parts.push(`${diagnosis.left} more of other kinds are not shown.`);
  return `${parts.join('\n\n')}\n`;
}

const FORMS = {
  answer: 'an HTTP answer',
  stream: 'an event of a stream',
  log: 'a line of a log',
  body: 'an error body',
  text: 'words',
  sluice: "Sluice's log",
} as const satisfies Record<Finding['form'], string>;

type Rows = readonly (readonly [string, string | undefined])[];

function seenRows({ form, count, status, code, message, provider, readings, unknownTo }: Finding): Rows {
  const seen = [
    `${FORMS[form]}${count > 1 ? `, ${count} times` : ''}`,
    status === undefined ? '' : `HTTP ${status}`,
    code === undefined || code === String(status) ? '' : `code ${code}`,
  ];
  const [only, second] = readings;
  const [first, ...others] = only === undefined || second !== undefined ? [] : only.providers.map(nameOf);
  const why = { given: 'as you said', guessed: `guessed: ${provider.why}`, unknown: '', log: '' }[
    provider.by
  ];
  const whose =
    provider.by === 'unknown'
      ? [
          provider.why,
          first === undefined || only?.verdict.kind === 'unknown'
            ? ''
            : `read as ${[first, ...others].join(' and ')} ${others.length === 0 ? 'means' : 'mean'} it`,
        ]
      : [first ?? '', why, others.length === 0 ? '' : `${others.join(' and ')} would mean the same`];
  return [
    ['read', seen.filter((part) => part !== '').join(', ')],
    [form === 'sluice' ? 'noted' : 'says', message === '' ? undefined : `"${message}"`],
    ['provider', whose.filter((part) => part !== '').join(', ')],
    [
      'elsewhere',
      unknownTo.length === 0 ? undefined : `no rule of ${unknownTo.map(nameOf).join(' or ')} knows it`,
    ],
    ['channel', provider.by === 'log' ? provider.why : undefined],
  ];
}

function toldText({ verdict, assumedStatus }: ReadingView): string {
  const assumed =
    assumedStatus === undefined ? '' : `; no status was told, so it was read as ${assumedStatus} (--status)`;
  const sure = verdict.confidence === undefined ? '' : `, ${verdict.confidence} confidence`;
  return `${verdict.toldBy}${sure}${assumed}`;
}

const nameOf = (id: string): string => providers.find((provider) => provider.id === id)?.name ?? id;

const namesOf = ({ providers: ids }: ReadingView): string => ids.map(nameOf).join(', ');

function callText({ id, model, end, status, attempts, failures }: CallView): string {
  const ended = [end ?? '', status === undefined ? '' : `HTTP ${status}`].filter((part) => part !== '');
  const met = failures.map(
    ({ kind, count, channels }) =>
      `${kind}${count > 1 ? ` ${count} times` : ''}${channels.length === 0 ? '' : ` on ${channels.join(', ')}`}`,
  );
  return `Call ${id} (${model}): ${ended.join(', ')} after ${attempts} attempt${attempts === 1 ? '' : 's'}${met.length === 0 ? '; nothing failed' : `; ${met.join('; ')}`}.`;
}

/** Lines of at most so many columns; Chinese letters take two. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((each) => cut(each, width))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && columns(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** A word longer than the line is cut. */
function cut(word: string, width: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const letter of word) {
    if (columns(piece + letter) > width) {
      pieces.push(piece);
      piece = '';
    }
    piece += letter;
  }
  return [...pieces, piece];
}

const columns = (text: string): number => text.replace(/[\u1100-\u115F\u2E80-\uFFE6]/g, '..').length;
