import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import { CONTENDERS } from './contenders.ts';
import { barOf, frameOf, plainHead, plainLine, startDisplay, type Watched } from './display.ts';
import { Journal } from './journal.ts';

function journalOf(answered: number, failed: number, waiting: number): Journal {
  const journal = new Journal();
  journal.arrived = answered + failed + waiting;
  for (let call = 0; call < answered; call += 1) journal.answers.push({ atMs: 0, waitMs: 0, tokens: 1 });
  for (let call = 0; call < failed; call += 1) journal.failures.push('429');
  for (let call = 0; call < failed * 3; call += 1) journal.refusedAtMs.push(0);
  return journal;
}

const watched: Watched = {
  contenders: CONTENDERS,
  journals: [journalOf(10, 40, 1), journalOf(20, 11, 20), journalOf(49, 0, 2)],
  calls: 100,
  startMs: Date.UTC(2026, 0, 1),
  longestMs: 65_000,
};

test('a bar is as long as it should be, whatever is in it', () => {
  for (const journal of [...watched.journals, new Journal(), journalOf(100, 0, 0), journalOf(33, 33, 34)])
    for (const width of [0, 1, 7, 20, 48]) {
      const text = barOf(journal, { calls: 100, width }).map((part) => part.text);
      assert.equal(text.join('').length, width);
    }
  const bar = barOf(journalOf(25, 25, 25), { calls: 100, width: 8 }).map(({ text }) => text);
  assert.deepEqual(bar, ['██', '░░', '××', '··']);
});

test('no line of a frame is wider than the terminal', () => {
  for (const columns of [20, 40, 60, 80, 200])
    for (const color of [true, false]) {
      const lines = frameOf(watched, { screen: { columns, color }, elapsedMs: 30_000 });
      assert.equal(lines.length, 4);
      for (const line of lines)
        assert.ok(stripVTControlCharacters(line).length < columns, `${columns}: ${line}`);
    }
});

test('a frame shows what is answered, waiting, failed and refused, and the time', () => {
  const lines = frameOf(watched, { screen: { columns: 100, color: false }, elapsedMs: 30_000 });
  assert.match(
    lines[1] ?? '',
    /With backoff {2}█+░+×+·+ {2}20 answered {2}20 waiting {2}11 failed {2}33 429s/,
  );
  assert.match(lines[3] ?? '', /0:30 elapsed, at most 0:35 left/);
  assert.equal(lines.join(''), stripVTControlCharacters(lines.join('')), 'no colour where none is wanted');
  const colored = frameOf(watched, { screen: { columns: 100, color: true }, elapsedMs: 0 }).join('');
  assert.notEqual(colored, stripVTControlCharacters(colored));
});

test('plain lines are columns under their heads', () => {
  const lines = [...plainHead(watched).split('\n'), plainLine(watched, 65_000)];
  assert.match(lines[2] ?? '', /^1:05 +10 +1 +40 +120 +20 +20 +11 +33 +49 +2 +0 +0$/);
  assert.equal(lines[1]?.length, lines[2]?.length);
  assert.equal(lines[0]?.indexOf('Sluice'), lines[1]?.lastIndexOf('answered'));
});

test('a terminal is drawn on in place and gets its cursor back; a file gets plain lines', async () => {
  const written = async (live: boolean): Promise<string> => {
    const clock = createVirtualClock({ startMs: watched.startMs });
    let text = '';
    const screen = { write: (piece: string) => (text += piece), live, color: false, columns: 100 };
    const stop = startDisplay(watched, screen, clock);
    await clock.advance(10_100);
    stop();
    assert.equal(clock.pending(), 0);
    return text;
  };
  const live = await written(true);
  assert.ok(live.startsWith('\x1b[?25l') && live.endsWith('\x1b[?25h'));
  assert.equal(live.split('\x1b[4A').length, 52);
  const plain = await written(false);
  assert.equal(plain, stripVTControlCharacters(plain));
  assert.equal(plain.trimEnd().split('\n').length, 2 + 3 + 1);
});
