import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { Connection } from '../bench/overhead/connection.ts';
import type { CallCosts } from '../bench/overhead/load.ts';
import { cpuMicrosOf, residentKBOf } from '../bench/overhead/process-cost.ts';
import {
  boundsOf,
  boundsTable,
  documentOf,
  figuresTable,
  notesOf,
  summaryOf,
} from '../bench/overhead/report.ts';
import { type ProxySamples, rotated, type Samples } from '../bench/overhead/rounds.ts';
import { medianOf, percentileOf, slopeOf, spreadOf } from '../bench/overhead/statistics.ts';
import { difference, figure, tableOf } from '../bench/overhead/table.ts';

describe('statistics', () => {
  it('takes the middle value, or the mean of the two middle ones, whatever the order', () => {
    assert.equal(medianOf([9, 1, 5]), 5);
    assert.equal(medianOf([10, 2, 4, 1]), 3);
    assert.equal(medianOf([7]), 7);
    assert.ok(Number.isNaN(medianOf([])));
  });

  it('sorts numbers as numbers', () => {
    assert.equal(medianOf([100, 9, 20]), 20);
    assert.equal(percentileOf([100, 9, 20], 1), 100);
  });

  it('takes percentiles by nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.equal(percentileOf(hundred, 0.5), 50);
    assert.equal(percentileOf(hundred, 0.99), 99);
    assert.equal(percentileOf(hundred, 0), 1);
    assert.equal(percentileOf([3], 0.99), 3);
    assert.ok(Number.isNaN(percentileOf([], 0.5)));
  });

  it('leaves the fixed cost out of a slope', () => {
    assert.equal(slopeOf({ x: 20, y: 500 + 20 * 3 }, { x: 220, y: 500 + 220 * 3 }), 3);
  });

  it('spreads over the middle half', () => {
    assert.deepEqual(spreadOf([8, 1, 2, 3, 4, 5, 6, 7]), { median: 4.5, low: 2, high: 6 });
  });
});

describe('tables', () => {
  it('pad every column and align figures to the right', () => {
    const text = tableOf(
      ['name', 'ms'],
      [
        ['bare', '1.5'],
        ['a long name', '12.25'],
      ],
    );
    assert.equal(
      text,
      [
        '| name        |    ms |',
        '| ----------- | ----: |',
        '| bare        |   1.5 |',
        '| a long name | 12.25 |',
      ].join('\n'),
    );
  });

  it('print a dash for what was not measured, and no negative zero', () => {
    assert.equal(figure(Number.NaN, 2), '–');
    assert.equal(difference(Number.NaN, 2), '–');
    assert.equal(figure(-0.001, 2), '0.00');
    assert.equal(difference(-0.001, 2), '+0.00');
    assert.equal(difference(1.234, 1), '+1.2');
    assert.equal(difference(-1.25, 2), '-1.25');
  });
});

describe('turns', () => {
  it('give every contender every place', () => {
    assert.deepEqual(rotated(['a', 'b', 'c'], 0), ['a', 'b', 'c']);
    assert.deepEqual(rotated(['a', 'b', 'c'], 4), ['b', 'c', 'a']);
    assert.deepEqual(rotated([], 3), []);
  });
});

const costs = (cpuMicros: number, p50Ms = 1, p99Ms = 2, reads = 1): CallCosts => ({
  cpuMicros,
  reads,
  p50Ms,
  p99Ms,
});

/** Two rounds on a machine that was half as fast in the second. */
function proxy(name: string, perCall: number, perChunk: number): ProxySamples {
  const stream = (chunks: number, slow: number): CallCosts =>
    costs(slow * (400 + chunks * perChunk), 50, 60, chunks + 2);
  return {
    name,
    residentKBPerStream: 45,
    series: {
      at1: [costs(300, 0.5, 1), costs(600, 1, 3)],
      at32: [costs(perCall, 5, 9), costs(2 * perCall, 10, 18)],
      few: [stream(20, 1), stream(20, 2)],
      many: [stream(220, 1), stream(220, 2)],
    },
  };
}

function samplesOf(...proxies: readonly ProxySamples[]): Samples {
  const at = [costs(50, 0.25, 0.5), costs(90, 0.5, 1)];
  return { direct: { at1: at, at32: at, few: [], many: [] }, proxies };
}

describe('a report', () => {
  const summary = summaryOf(samplesOf(proxy('bare', 100, 20), proxy('sluice', 150, 30)));

  it('compares within a round, so that a slow one does not count', () => {
    const sluice = summary.figures[1];
    assert.equal(sluice?.perCall.cpuMicros, 225);
    assert.deepEqual(sluice?.perCall.timesBare, { median: 1.5, low: 1.5, high: 1.5 });
    assert.equal(sluice?.perChunk.cpuMicros, 45);
    assert.equal(sluice?.perChunk.timesBare.median, 1.5);
    assert.equal(sluice?.readsPerChunk, 1);
    assert.equal(summary.rounds, 2);
  });

  it('gives latency as what the proxy adds to the direct call of its round', () => {
    const { p50Ms, p99Ms } = summary.figures[1]?.addedAt1 ?? assert.fail('no second line');
    assert.equal(p50Ms.median, 0.375);
    assert.deepEqual(p99Ms, { median: 1.25, low: 0.5, high: 2 });
  });

  it('says of each bound whether it is reached', () => {
    assert.deepEqual(
      boundsOf(summary).map(({ atMost, reached }) => [atMost, reached]),
      [
        [1.6, true],
        [1.3, false],
        [2, true],
      ],
    );
    assert.match(
      boundsTable(boundsOf(summary)),
      /CPU per chunk +\| ≤ 1\.3 × bare \| +1\.50 \| +1\.50 to 1\.50 \| +no \|/,
    );
  });

  it('has no bounds and no ratios without the yardstick', () => {
    const alone = summaryOf(samplesOf(proxy('sluice', 150, 30)));
    assert.deepEqual(boundsOf(alone), []);
    assert.match(figuresTable(alone), /\| sluice +\| +225 \| +– \|/);
  });

  it('warns when chunks were merged on the way', () => {
    const merging = proxy('nginx', 30, 10);
    const many = merging.series.many.map((each) => ({ ...each, reads: 120 }));
    const noted = notesOf(summaryOf(samplesOf({ ...merging, series: { ...merging.series, many } })));
    assert.ok(noted.some((note) => note.startsWith('Chunks through nginx were merged')));
    assert.ok(!notesOf(summary).some((note) => note.includes('merged')));
  });

  it('prints the same page from the same figures, with the machine but without a date', () => {
    const machine = { cores: 2, cpu: 'A CPU', node: '24.0.0', system: 'Linux' };
    const page = documentOf(summary, machine);
    assert.equal(page, documentOf(summary, machine));
    assert.ok(page.includes(figuresTable(summary)));
    assert.ok(page.includes('Machine: 2 cores, A CPU, Linux, Node 24.0.0.'));
    assert.doesNotMatch(page, /NaN|undefined|20\d\d-/);
  });
});

describe('the cost of a process', () => {
  it('grows with its work and is told in microseconds', () => {
    const own = process.cpuUsage();
    const before = cpuMicrosOf(process.pid);
    const spentBySelf = (): number => {
      const { user, system } = process.cpuUsage(own);
      return user + system;
    };
    // Asking costs the system more than it costs the process, on some machines by far.
    while (spentBySelf() < 60_000);
    const spent = cpuMicrosOf(process.pid) - before;
    assert.ok(spent > 30_000 && spent < 5_000_000, `${spent} µs`);
  });

  it('is about what the process says of its own memory', () => {
    const told = process.memoryUsage.rss() / 1024;
    const seen = residentKBOf(process.pid);
    assert.ok(seen > told / 2 && seen < told * 2, `${seen} kB, not ${told} kB`);
  });
});

describe('a bench connection', () => {
  it('reads replies with a length and in chunks, one after another', async () => {
    const server = createServer((request, response) => {
      request.resume();
      if (request.url === '/plain') response.writeHead(201, { 'content-length': 4 }).end('abcd');
      else if (request.url === '/open') response.write('one');
      else response.write('one', () => setTimeout(() => response.end('two'), 50));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const connection = await Connection.open((server.address() as AddressInfo).port);
    const ask = (path: string) => Buffer.from(`GET ${path} HTTP/1.1\r\nhost: bench\r\n\r\n`);
    assert.deepEqual(await connection.call(ask('/plain')), { status: 201, reads: 1, tail: 'abcd' });
    const chunked = await connection.call(ask('/chunks'));
    assert.equal(chunked.status, 200);
    assert.ok(chunked.tail.endsWith('two\r\n0\r\n\r\n'));
    assert.ok(chunked.reads >= 2);
    const opened = await connection.call(ask('/open'), 'first-byte');
    assert.ok(opened.tail.includes('one'));
    connection.close();
    server.close();
    server.closeAllConnections();
  });

  it('fails a call whose reply is cut off', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('half', () => response.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const connection = await Connection.open((server.address() as AddressInfo).port);
    await assert.rejects(
      connection.call(Buffer.from('GET / HTTP/1.1\r\nhost: bench\r\n\r\n')),
      /middle of a reply/,
    );
    server.close();
  });
});
