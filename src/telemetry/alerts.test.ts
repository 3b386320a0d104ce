import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Webhook as Receiver } from 'standardwebhooks';
import type { Fetch, UpstreamRequest } from '../base/fetch.ts';
import { createLogger } from '../base/log.ts';
import type { AlertType, Occurrence } from '../domain/alert.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { type AlertSettings, createAlerts, testMessage } from './alerts.ts';
import { createRegistry } from './registry.ts';

const SECRET = `whsec_${Buffer.alloc(32, 0x5a).toString('base64')}`;
const HOOK = { url: 'https://h.example/token-in-path?token=in-query', secret: SECRET };
const ALL: readonly AlertType[] = ['switched_off', 'switched_on', 'benched_long'];
const OFF: Occurrence = { type: 'switched_off', what: 'account qwen-a', kind: 'balance' };
const MINUTE = 60_000;

function desk({ status = () => 200, on = ALL }: { status?: () => number; on?: readonly AlertType[] } = {}) {
  // The library of the standard refuses what is not of today.
  const clock = createVirtualClock({ startMs: Date.now() });
  const lines: string[] = [];
  const posted: UpstreamRequest[] = [];
  const registry = createRegistry();
  const fetch: Fetch = async (request) => {
    posted.push(request);
    return { status: status(), headers: {}, body: (async function* () {})() };
  };
  const state: { settings: AlertSettings } = { settings: { webhooks: [HOOK], on } };
  const alerts = createAlerts({
    ...{ clock, random: () => 0, registry, fetch, settings: () => state.settings },
    log: createLogger({
      ...{ level: 'debug', pretty: false, nowMs: clock.now },
      write: (line) => void lines.push(line),
    }),
  });
  const counted = (name: string) =>
    registry
      .text()
      .split('\n')
      .filter((line) => line.startsWith(name));
  return { alerts, clock, lines, posted, counted, state };
}

type Told = { readonly type: string; readonly timestamp: string; readonly data: Record<string, unknown> };

const verified = ({ body, headers }: UpstreamRequest): Told =>
  new Receiver(SECRET).verify(Buffer.from(body ?? []).toString(), headers) as Told;

const levels = (lines: readonly string[]): unknown[] =>
  lines.map((line) => JSON.parse(line) as { level: string; msg: string }).map(({ level }) => level);

describe('an alert', () => {
  it('is a line of the log, a count and a signed message', async () => {
    const { alerts, clock, lines, posted, counted } = desk();
    const startMs = clock.now();
    alerts.raise(OFF);
    assert.equal(alerts.pending(), 1);
    const { time: _time, alert: id, ...line } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    assert.deepEqual(line, {
      level: 'error',
      msg: 'account qwen-a is switched off: The account is in arrears or out of credit.',
      ...{ type: 'switched_off', what: 'account qwen-a', kind: 'balance' },
      advice: 'Settle the bill or add credit at the provider, then switch it on again.',
    });
    await clock.advance(0);
    assert.equal(posted.length, 1);
    const request = posted[0] ?? assert.fail();
    assert.equal(request.headers['webhook-id'], id);
    assert.deepEqual(verified(request), {
      type: 'account.switched_off',
      timestamp: new Date(startMs).toISOString(),
      data: {
        ...{ what: 'account qwen-a', kind: 'balance', message: line['msg'], advice: line['advice'] },
      },
    });
    assert.equal(alerts.pending(), 0);
    assert.deepEqual(counted('sluice_alerts_total'), [
      'sluice_alerts_total{type="switched_off",kind="balance"} 1',
    ]);
    assert.deepEqual(counted('sluice_webhook_deliveries_total'), [
      'sluice_webhook_deliveries_total{outcome="delivered"} 1',
    ]);
  });

  it('is named after what it touches, and tells until when', async () => {
    const { alerts, clock, lines, posted } = desk();
    const untilMs = Date.UTC(2027, 0, 1);
    alerts.raise({ type: 'benched_long', what: 'channel qwen-a/qwen3-max', kind: 'day', untilMs });
    alerts.raise({ type: 'switched_on', what: 'secret 2 of qwen-a', kind: 'auth' });
    await clock.advance(0);
    assert.deepEqual(levels(lines).slice(0, 2), ['warn', 'info']);
    assert.deepEqual(
      posted.map((each) => verified(each)).map(({ type, data }) => [type, data['until']]),
      [
        ['channel.benched_long', '2027-01-01T00:00:00.000Z'],
        ['secret.switched_on', undefined],
      ],
    );
  });

  it('may last for ever', async () => {
    const { alerts, clock, posted } = desk();
    alerts.raise({ ...OFF, untilMs: Infinity });
    await clock.advance(0);
    assert.equal(verified(posted[0] ?? assert.fail()).data['until'], undefined);
  });

  it('that no webhook wants is logged and counted all the same', async () => {
    const { alerts, clock, lines, posted, counted } = desk({ on: ['switched_on'] });
    alerts.raise(OFF);
    await clock.advance(0);
    assert.equal(posted.length, 0);
    assert.equal(lines.length, 1);
    assert.equal(counted('sluice_alerts_total').length, 1);
  });

  it('goes where the configuration says now', async () => {
    const { alerts, clock, posted, state } = desk();
    alerts.raise(OFF);
    await clock.advance(0);
    state.settings = { webhooks: [{ ...HOOK, url: 'https://new.example/' }], on: ALL };
    alerts.raise({ ...OFF, what: 'account qwen-b' });
    await clock.advance(0);
    assert.deepEqual(
      posted.map(({ url }) => url),
      [HOOK.url, 'https://new.example/'],
    );
  });

  it('is not sent after the end, but told', async () => {
    const { alerts, clock, lines, posted } = desk();
    await alerts.close();
    alerts.raise(OFF);
    await clock.advance(0);
    assert.equal(posted.length, 0);
    assert.equal(alerts.pending(), 0);
    assert.equal(lines.length, 1);
  });
});

describe('the same alert again', () => {
  it('is told once in ten minutes', async () => {
    const { alerts, clock, posted, counted } = desk();
    for (let minute = 0; minute < 21; minute++) {
      alerts.raise(OFF);
      await clock.advance(MINUTE);
    }
    assert.equal(posted.length, 3);
    assert.deepEqual(counted('sluice_alerts_total'), [
      'sluice_alerts_total{type="switched_off",kind="balance"} 3',
    ]);
  });

  it('is another one when it is of another thing or kind', async () => {
    const { alerts, clock, posted } = desk();
    alerts.raise(OFF);
    alerts.raise({ ...OFF, what: 'account qwen-b' });
    alerts.raise({ ...OFF, kind: 'banned' });
    alerts.raise({ ...OFF, type: 'benched_long' });
    alerts.raise(OFF);
    await clock.advance(0);
    assert.equal(posted.length, 4);
  });

  it('is news after the opposite, so that the last word is always the truth', async () => {
    const { alerts, clock, posted } = desk();
    const on: Occurrence = { ...OFF, type: 'switched_on' };
    for (const each of [OFF, on, OFF, OFF, { ...on, what: 'account qwen-b' }, OFF, on]) alerts.raise(each);
    await clock.advance(0);
    assert.deepEqual(
      posted.map((each) => verified(each)).map(({ type, data }) => `${type} ${data['what']}`),
      [
        ...['account.switched_off account qwen-a', 'account.switched_on account qwen-a'],
        ...['account.switched_off account qwen-a', 'account.switched_on account qwen-b'],
        'account.switched_on account qwen-a',
      ],
    );
  });
});

describe('what is written down', () => {
  it('never shows a secret or the address of a webhook, however a delivery ends', async () => {
    const statuses = [200, 410, 500, 302];
    for (const each of statuses) {
      const { alerts, clock, lines, posted, counted } = desk({ status: () => each });
      alerts.raise(OFF);
      await clock.advance(30 * MINUTE);
      assert.equal(lines.length, 2);
      const told = lines.join('') + counted('sluice_').join('') + String(posted[0]?.body);
      for (const hidden of [SECRET.slice(6), 'token-in-path', 'in-query'])
        assert.ok(!told.includes(hidden), `${hidden} in ${told}`);
      assert.ok(lines[1]?.includes('https://h.example/…'));
    }
  });

  it('counts what was given up', async () => {
    const { alerts, clock, counted } = desk({ status: () => 500 });
    alerts.raise(OFF);
    await clock.advance(30 * MINUTE);
    assert.deepEqual(counted('sluice_webhook_deliveries_total'), [
      'sluice_webhook_deliveries_total{outcome="given_up"} 1',
    ]);
  });
});

it('a test message says that nothing has happened', () => {
  const { id, body } = testMessage(0);
  assert.match(id, /^alert_/);
  assert.deepEqual(JSON.parse(body), {
    type: 'alert.test',
    timestamp: '1970-01-01T00:00:00.000Z',
    data: { message: 'This is a test of the webhook: nothing has happened.' },
  });
});
