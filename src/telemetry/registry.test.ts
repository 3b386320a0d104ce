import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRegistry } from './registry.ts';

const linesOf = (text: string): string[] =>
  text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

test('a counter adds up by its labels', () => {
  const registry = createRegistry();
  const calls = registry.counter('calls_total', 'Calls.');
  calls({ model: 'a' }).add();
  calls({ model: 'a' }).add(2.5);
  calls({ model: 'b' }).add();
  calls().add(7);
  assert.equal(
    registry.text(),
    '# HELP calls_total Calls.\n# TYPE calls_total counter\n' +
      'calls_total{model="a"} 3.5\ncalls_total{model="b"} 1\ncalls_total 7\n',
  );
});

test('a histogram counts each value in every bucket that it is not above', () => {
  const registry = createRegistry();
  const wait = registry.histogram('wait_seconds', { help: 'Wait.', buckets: [0.1, 1, 10] });
  for (const value of [0.05, 0.1, 0.5, 10, 11]) wait({ model: 'a' }).observe(value);
  assert.deepEqual(linesOf(registry.text()), [
    'wait_seconds_bucket{model="a",le="0.1"} 2',
    'wait_seconds_bucket{model="a",le="1"} 3',
    'wait_seconds_bucket{model="a",le="10"} 4',
    'wait_seconds_bucket{model="a",le="+Inf"} 5',
    'wait_seconds_sum{model="a"} 21.65',
    'wait_seconds_count{model="a"} 5',
  ]);
});

test('a histogram without labels has only its bounds', () => {
  const registry = createRegistry();
  registry
    .histogram('x', { help: 'X.', buckets: [1] })()
    .observe(2);
  assert.deepEqual(linesOf(registry.text()), [
    'x_bucket{le="1"} 0',
    'x_bucket{le="+Inf"} 1',
    'x_sum 2',
    'x_count 1',
  ]);
});

test('a gauge is read when somebody looks', () => {
  const registry = createRegistry();
  let value = 1;
  registry.gauge('open', 'Open permits.', () => [{ labels: {}, value }]);
  assert.deepEqual(linesOf(registry.text()), ['open 1']);
  value = 5;
  assert.deepEqual(linesOf(registry.text()), ['open 5']);
});

test('no label can break out of its quotes', () => {
  const registry = createRegistry();
  registry.counter('x', 'X.')({ model: 'a"b\\c\nd 1' }).add();
  assert.deepEqual(linesOf(registry.text()), ['x{model="a\\"b\\\\c\\nd 1"} 1']);
});

test('endless label sets are counted together instead of filling the memory', () => {
  const registry = createRegistry();
  const x = registry.counter('x', 'X.');
  for (let i = 0; i < 5_000; i++) x({ id: String(i) }).add();
  const lines = linesOf(registry.text());
  assert.equal(lines.length, 2_001);
  assert.ok(lines.includes('x{overflow="true"} 3000'));
  x({ id: '0' }).add();
  assert.ok(linesOf(registry.text()).includes('x{id="0"} 2'), 'those known keep their own');
});
