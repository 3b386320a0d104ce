/**
 * Finds the answers in what a terminal shows of an HTTP exchange: `curl -i`, `curl -v`, or an event stream as it came
 * over the wire. What was asked, with its secrets, is left out.
 */

import type { HeaderMap } from '../../base/fetch.ts';

export type ShownAnswer = { readonly status: number; readonly headers: HeaderMap; readonly body: string };

const STATUS_LINE = /^HTTP\/\d(?:\.\d)?\s+(\d{3})\b/;
/** curl's own remarks: connection, request, progress. */
const REMARK = /^(?:[*>] |[*>]$|[{}] \[\d+ bytes|\s+% Total|\s+Dload|\s*\d{1,3}\s+\d+.*--:--:--)/;

/** Every answer shown, in order; empty when the text shows none. */
export function shownAnswers(text: string): ShownAnswer[] {
  const all = text.split(/\r?\n/);
  const verbose = all.some((line) => STATUS_LINE.test(line.replace(/^< /, '')) && line.startsWith('< '));
  const lines = verbose ? all.filter((line) => !REMARK.test(line)) : all;
  const answers: ShownAnswer[] = [];
  for (let at = 0; at < lines.length; ) {
    const status = STATUS_LINE.exec(withoutMark(lines[at] ?? '', verbose))?.[1];
    at++;
    if (status === undefined) continue;
    const headers: Record<string, string> = {};
    for (; at < lines.length; at++) {
      const line = withoutMark(lines[at] ?? '', verbose);
      const header = /^([\w-]+):\s*(.*)$/.exec(line);
      if (header === null) break;
      const [, name = '', value = ''] = header;
      const key = name.toLowerCase();
      headers[key] = headers[key] === undefined ? value.trim() : `${headers[key]}, ${value.trim()}`;
    }
    // The empty line that ends a head is marked, too.
    if (verbose && /^<\s*$/.test(lines[at] ?? '')) at++;
    const start = at;
    while (at < lines.length && !STATUS_LINE.test(withoutMark(lines[at] ?? '', verbose))) at++;
    const body = lines.slice(start, at).join('\n').trim();
    // Without a last newline curl's remark stands right behind the body.
    const end = verbose ? body.search(/\* (?:Connection #\d|Closing connection)/) : -1;
    answers.push({ status: Number(status), headers, body: end < 0 ? body : body.slice(0, end).trim() });
  }
  return answers;
}

const withoutMark = (line: string, verbose: boolean): string => (verbose ? line.replace(/^< ?/, '') : line);

/** Does the text have lines of an event stream? */
export const isEventStream = (text: string): boolean =>
  /^(?:event:\s*\w|data:\s*[{["]|:HTTP_STATUS\/\d)/m.test(text);

/** The events of a stream, as they came. */
export const eventsOf = (text: string): string[] =>
  text
    .replace(/\r\n?/g, '\n')
    .split(/\n{2,}/)
    .map((event) => event.trim())
    .filter((event) => event !== '');

/** The event says by its name or its status that it is an error. */
export const namesError = (event: string): boolean =>
  /^event:\s*error\b/m.test(event) || /^:\s*HTTP_STATUS\/[45]\d\d/m.test(event);

export const dataOf = (event: string): string =>
  event
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).trim())
    .join('\n');
