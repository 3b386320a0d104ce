import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Clock, sleep, systemClock } from '../base/clock.ts';
import { watchConfig } from './watch.ts';

let folder = '';
const path = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-watch-'));
  writeFileSync(path('sluice.yaml'), 'one');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Watches the real file system; `changed` resolves at the next change. */
async function watching(name = 'sluice.yaml') {
  let count = 0;
  let wake = (): void => undefined;
  const onChange = (): void => {
    count += 1;
    wake();
  };
  const watcher = watchConfig({ path: path(name), onChange, clock: systemClock, debounceMs: 15 });
  await watcher.ready;
  return {
    close: watcher.close,
    count: () => count,
    async changed(act: () => void): Promise<void> {
      const seen = new Promise<void>((resolve, reject) => {
        wake = resolve;
        systemClock.after(5_000, () => reject(new Error('no change was noticed')));
      });
      act();
      await seen;
    },
  };
}

describe('the watched file', () => {
  it('is noticed when it is written in place, again and again', async () => {
    const watcher = await watching();
    await watcher.changed(() => writeFileSync(path('sluice.yaml'), 'two'));
    await watcher.changed(() => writeFileSync(path('sluice.yaml'), 'three'));
    watcher.close();
    assert.equal(watcher.count(), 2);
  });

  it('is noticed when an editor puts another file in its place', async () => {
    const watcher = await watching();
    const replace = (text: string) => () => {
      writeFileSync(path('.sluice.yaml.swp'), text);
      renameSync(path('.sluice.yaml.swp'), path('sluice.yaml'));
    };
    await watcher.changed(replace('two'));
    await watcher.changed(replace('three'));
    watcher.close();
  });

  it('is noticed when it was away for a while', async () => {
    const watcher = await watching();
    unlinkSync(path('sluice.yaml'));
    await sleep(systemClock, 50);
    assert.equal(watcher.count(), 0);
    await watcher.changed(() => writeFileSync(path('sluice.yaml'), 'two'));
    watcher.close();
  });

  it('is noticed when Kubernetes turns the link beside it', async () => {
    mkdirSync(path('..1'));
    mkdirSync(path('..2'));
    writeFileSync(path('..1/linked.yaml'), 'one');
    writeFileSync(path('..2/linked.yaml'), 'two');
    symlinkSync('..1', path('..data'));
    symlinkSync('..data/linked.yaml', path('linked.yaml'));
    const watcher = await watching('linked.yaml');
    await watcher.changed(() => {
      symlinkSync('..2', path('..tmp'));
      renameSync(path('..tmp'), path('..data'));
    });
    await watcher.changed(() => writeFileSync(path('..2/linked.yaml'), 'three'));
    watcher.close();
  });

  it('is not reported for other files, for the same content, or after the end', async () => {
    const watcher = await watching();
    writeFileSync(path('other.yaml'), 'x');
    writeFileSync(path('sluice.yaml'), 'one');
    await sleep(systemClock, 60);
    watcher.close();
    writeFileSync(path('sluice.yaml'), 'two');
    await sleep(systemClock, 40);
    assert.equal(watcher.count(), 0);
  });
});

describe('a burst of reports', () => {
  it('is one look, after a quiet moment', async () => {
    const timers: { delayMs: number; task: () => void; cancelled: boolean }[] = [];
    const clock: Clock = {
      now: () => 0,
      after(delayMs, task) {
        const timer = { delayMs, task, cancelled: false };
        timers.push(timer);
        return () => {
          timer.cancelled = true;
        };
      },
    };
    let report = (): void => undefined;
    const watch = (_folder: string, changed: () => void) => {
      report = changed;
      return { close: () => undefined };
    };
    const watcher = watchConfig({
      path: path('sluice.yaml'),
      onChange: () => undefined,
      clock,
      watch,
      debounceMs: 200,
    });
    await watcher.ready;
    for (let time = 0; time < 5; time++) report();
    assert.deepEqual(
      timers.map(({ delayMs, cancelled }) => [delayMs, cancelled]),
      [...Array(4).fill([200, true]), [200, false]],
    );
    watcher.close();
    assert.ok(timers.every(({ cancelled }) => cancelled));
    report();
    assert.equal(timers.length, 5);
  });
});
