import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSeededRandom } from '../../base/seeded-random.ts';
import { chartOf } from './chart.ts';
import { stepOf } from './chart-frame.ts';
import { CONTENDERS, type Result } from './contenders.ts';
import { Journal } from './journal.ts';
import { element, stepPath } from './svg.ts';
import { planTraffic } from './traffic.ts';

const traffic = planTraffic({ seconds: 20, random: createSeededRandom(1) });

/** `answered` of the 60 calls, one a second from the first, and a 429 for each of the others. */
function resultsOf(answered: readonly number[]): Result[] {
  return CONTENDERS.map((contender, index) => {
    const journal = new Journal();
    journal.arrived = traffic.length;
    const count = answered[index] ?? 0;
    for (let call = 1; call <= count; call += 1)
      journal.answers.push({ atMs: call * 300, waitMs: 0, tokens: 1 });
    for (let call = count; call < traffic.length; call += 1) journal.refusedAtMs.push(call * 300);
    return { contender, journal, refusalsGiven: journal.refusedAtMs.length };
  });
}

const chart = chartOf({ results: resultsOf([14, 30, 60]), traffic });

/** Throws unless every tag is closed in its turn and every attribute is quoted. */
function assertWellFormed(xml: string): void {
  const open: string[] = [];
  const rest = xml.replace(
    /<(\/?)([a-z]+)((?: [\w:-]+="[^"<]*")*)(\/?)>/g,
    (_, closing, name, _attributes, empty) => {
      if (closing !== '') assert.equal(open.pop(), name);
      else if (empty === '') open.push(name);
      return '';
    },
  );
  assert.deepEqual(open, []);
  assert.doesNotMatch(rest, /[<>]|&(?!(amp|lt|gt|quot);)/);
}

/** The y of each text that says `pattern`. */
const heightsOf = (svg: string, pattern: RegExp): number[] =>
  [...svg.matchAll(/<text x="[\d.]+" y="([\d.]+)"[^>]*>([^<]*)</g)]
    .filter(([, , text]) => pattern.test(text ?? ''))
    .map(([, y]) => Number(y));

describe('the chart', () => {
  it('is well-formed, and the check can tell', () => {
    assertWellFormed(chart);
    for (const bad of ['<g><a></g></a>', '<g>', '<g a=1/>', '<g>a & b</g>', '<g>a < b</g>'])
      assert.throws(() => assertWellFormed(bad), bad);
  });

  it('contains every series, what was offered and the quota', () => {
    for (const { name } of CONTENDERS) assert.ok(chart.split(`${name}<`).length > 2, name);
    assert.match(chart, /14 of 60 answered/);
    assert.match(chart, /60 of 60 answered/);
    assert.match(chart, /offered/);
    assert.match(chart, /quota of one account: 60 RPM, 1 RPS/);
    const paths = [...chart.matchAll(/<path d="([^"]+)"/g)].map(([, path]) => path ?? '');
    const steps = paths.map((path) => path.split('V').length - 2);
    assert.deepEqual(steps, [60, 14, 30, 60], 'one step a call: offered, then the contenders');
  });

  it('shows 429s as bars, and none where there were none', () => {
    assert.match(chart, /: 46<\/text>/);
    assert.match(chart, /: 30<\/text>/);
    assert.match(chart, /: 0<\/text>/);
    assert.equal(chart.split('<g ').length - 1, 2);
  });

  it('names its axes with their units', () => {
    assert.match(chart, />calls answered</);
    assert.match(chart, />seconds after the start</);
  });

  it('brings its own background and no font', () => {
    assert.match(chart, /<rect x="0.5" y="0.5"[^>]* fill="#fff"/);
    assert.doesNotMatch(chart, /url\(|@import|href|<script|<style/);
  });

  it('keeps the labels of near lines apart and inside the plot', () => {
    for (const answered of [
      [0, 0, 0],
      [60, 60, 60],
      [1, 2, 60],
      [29, 30, 31],
    ]) {
      const heights = heightsOf(chartOf({ results: resultsOf(answered), traffic }), /of 60 answered/).sort(
        (a, b) => a - b,
      );
      const [first = 0, second = 0, third = 0] = heights;
      assert.ok(second - first >= 34 && third - second >= 34, String(heights));
      assert.ok(first >= 124 && third <= 400, String(heights));
    }
  });

  it('can be drawn of nothing', () => {
    const empty = CONTENDERS.map((contender) => ({ contender, journal: new Journal(), refusalsGiven: 0 }));
    const svg = chartOf({ results: empty, traffic: [] });
    assertWellFormed(svg);
    assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
  });
});

describe('its parts', () => {
  it('escape what is not markup', () => {
    assert.equal(
      element('text', { 'data-a': '"<' }, 'a & b', element('g', {})).markup.replaceAll('\n', ''),
      '<text data-a="&quot;&lt;">a &amp; b<g/></text>',
    );
  });

  it('step to the side before they step up', () => {
    assert.equal(
      stepPath([
        [0, 10],
        [5, 8.123],
      ]),
      'M0 10H5V8.12',
    );
  });

  it('choose round steps', () => {
    assert.deepEqual(
      [3, 8, 9, 65, 135, 1_800].map((length) => stepOf(length, 8)),
      [1, 1, 2, 10, 20, 500],
    );
  });
});
