import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { createLogger, type LogLevel, silentLogger } from './log.ts';

function logged(options: { readonly level?: LogLevel; readonly pretty: boolean }) {
  const lines: string[] = [];
  const log = createLogger({
    level: options.level ?? 'info',
    pretty: options.pretty,
    nowMs: () => Date.UTC(2026, 0, 1),
    write: (line) => lines.push(stripVTControlCharacters(line)),
  });
  return { log, lines };
}

test('machines get one JSON object a line, without the host and the process', () => {
  const { log, lines } = logged({ pretty: false });
  log.info({ call: 'req_1', nested: { a: 1 } }, 'call');
  log.error({}, 'broken\nline');
  assert.equal(lines.length, 2);
  const { time, ...first } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  assert.equal(time, Date.UTC(2026, 0, 1));
  assert.deepEqual(first, { level: 'info', call: 'req_1', nested: { a: 1 }, msg: 'call' });
  assert.equal((JSON.parse(lines[1] ?? '') as { msg: string }).msg, 'broken\nline');
  for (const line of lines) assert.match(line, /^[^\n]*\n$/);
});

test('a person gets one short line with the time, the level, the message and the fields', () => {
  const { log, lines } = logged({ pretty: true });
  log.warn({ channel: 'a/b', count: 2, open: true, nothing: null, usage: { input: 1 } }, 'benched');
  assert.equal(lines.length, 1);
  assert.match(
    lines[0] ?? '',
    /^\d\d:\d\d:\d\d warn {2}benched channel=a\/b count=2 open=true nothing=null usage=\{"input":1\}\n$/,
  );
});

test('no text of a stranger can forge a second line or move the cursor', () => {
  const { log, lines } = logged({ pretty: true });
  log.info({ model: 'x\n12:00:00 error all is lost', title: 'a\u001b[2Kb' }, 'call');
  assert.equal(lines.length, 1);
  assert.equal(lines[0]?.indexOf('\n'), (lines[0]?.length ?? 0) - 1);
  assert.equal(lines[0]?.includes('model="x\\n12:00:00 error all is lost"'), true);
  assert.equal(lines[0]?.includes('\u001b'), false);
});

test('what is below the level is not written', () => {
  for (const pretty of [true, false]) {
    const { log, lines } = logged({ level: 'warn', pretty });
    log.debug({}, 'a');
    log.info({}, 'b');
    log.warn({}, 'c');
    log.error({}, 'd');
    assert.equal(lines.length, 2);
  }
  const { log, lines } = logged({ level: 'silent', pretty: false });
  log.error({}, 'a');
  assert.equal(lines.length, 0);
});

test('all levels have their word', () => {
  const { log, lines } = logged({ level: 'debug', pretty: true });
  log.debug({}, 'm');
  log.info({}, 'm');
  log.warn({}, 'm');
  log.error({}, 'm');
  assert.deepEqual(
    lines.map((line) => line.split(' ')[1]),
    ['debug', 'info', 'warn', 'error'],
  );
});

test('flushing is always safe', async () => {
  await logged({ pretty: true }).log.flush();
  await logged({ pretty: false }).log.flush();
  await silentLogger.flush();
  silentLogger.error({}, 'nobody hears');
});
