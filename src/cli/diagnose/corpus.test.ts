import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { providerOf } from '../../providers/index.ts';
import { type Diagnosis, diagnosisOf } from './diagnosis.ts';
import { reportText } from './report.ts';

type Recorded = {
  readonly provider: string;
  readonly status: number;
  readonly phase?: 'stream';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly expect: { readonly kind: string; readonly scope?: string };
};

const NOW_MS = Date.UTC(2026, 9, 1);
const FOLDER = new URL('../../providers/fixtures/', import.meta.url);
const corpus = readdirSync(FOLDER).map((file): [string, Recorded] => [
  file.replace('.json', ''),
  JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')),
]);

const bodyOf = ({ body }: Recorded): string => (typeof body === 'string' ? body : JSON.stringify(body));
const isTold = (status: number): boolean => status >= 300;

/** What the relay's own classifier makes of the same answer: the corpus may be ahead of it. */
function verdictOf(recorded: Recorded): string[] {
  const failure = providerOf(recorded.provider)?.classify({
    status: recorded.status,
    headers: recorded.headers ?? {},
    body: bodyOf(recorded),
    phase: recorded.phase ?? 'head',
    nowMs: NOW_MS,
  });
  return [failure?.kind ?? '', failure?.scope ?? ''];
}

function diagnose(text: string, recorded: Recorded, status?: number): Diagnosis {
  return diagnosisOf(text, {
    provider: providerOf(recorded.provider),
    status,
    nowMs: NOW_MS,
    timeZone: 'UTC',
  });
}

const readingsOf = ({ findings }: Diagnosis): string[][] =>
  findings.flatMap(({ readings }) => readings.map(({ verdict }) => [verdict.kind, verdict.scope]));

function transcriptOf(recorded: Recorded, mark: string): string {
  const { status, phase } = recorded;
  const inStream = phase === 'stream';
  const headers = Object.entries({ 'Content-Type': 'application/json', ...recorded.headers });
  const head = [
    `HTTP/2 ${inStream ? '200' : `${status} `}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    '',
  ].map((line) => mark + line);
  const body = bodyOf(recorded);
  const told = isTold(status) ? `:HTTP_STATUS/${status}\n` : '';
  const event = body.startsWith('id:') ? body : `id:1\nevent:error\n${told}data:${body}\n\n`;
  return `${head.join('\r\n')}\r\n${inStream ? event : body}`;
}

describe('diagnose over the corpus of refusals', () => {
  for (const [name, recorded] of corpus) {
    it(`${name} is what the classifier says, from the body and from a transcript`, () => {
      const expected = [verdictOf(recorded)];
      if (bodyOf(recorded) !== '' && Object.keys(recorded.headers ?? {}).length === 0) {
        const status = isTold(recorded.status) ? recorded.status : undefined;
        // Without a status the body is asked as if it had come as a 429 first; the classifier knows 0.
        assert.deepEqual(readingsOf(diagnose(bodyOf(recorded), recorded, status)), expected);
      }
      const asked = '* Connected to x\n> POST /v1 HTTP/2\n> Authorization: Bearer sk-asked-0123456789\n>\n';
      for (const text of [
        transcriptOf(recorded, ''),
        `${asked}${transcriptOf(recorded, '< ')}* Connection #0 to host x left intact`,
      ])
        assert.deepEqual(readingsOf(diagnose(text, recorded)), expected, text);
    });
  }

  it('finds the kind in a bare body nearly always, though nobody told the status', () => {
    const bare = corpus.filter(([, recorded]) => {
      const names = Object.keys(recorded.headers ?? {});
      return bodyOf(recorded) !== '' && names.length === 0;
    });
    const wrong = bare.filter(([, recorded]) => {
      const found = readingsOf(diagnose(bodyOf(recorded), recorded))[0];
      return found?.[0] !== verdictOf(recorded)[0];
    });
    assert.ok(wrong.length / bare.length < 0.06, wrong.map(([name]) => name).join(', '));
  });

  it('shows the right reading among its own in nine of ten bodies, though nobody said whose they are', () => {
    const wrong = corpus.filter(([, recorded]) => {
      const { findings } = diagnosisOf(bodyOf(recorded), {
        provider: undefined,
        status: isTold(recorded.status) ? recorded.status : undefined,
        nowMs: NOW_MS,
        timeZone: 'UTC',
      });
      const kinds = findings.flatMap(({ readings }) => readings.map(({ verdict }) => verdict.kind));
      return findings.length > 0 && !kinds.includes(verdictOf(recorded)[0] as (typeof kinds)[number]);
    });
    assert.ok(wrong.length / corpus.length < 0.1, wrong.map(([name]) => name).join(', '));
  });

  it('prints each within 80 columns', () => {
    for (const [name, recorded] of corpus) {
      const text = reportText(diagnose(transcriptOf(recorded, ''), recorded), { width: 80, color: false });
      for (const line of text.split('\n')) assert.ok(line.length < 80, `${name}: ${line}`);
    }
  });
});
