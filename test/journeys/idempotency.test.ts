/** Scenario 7(c): calls with one `Idempotency-Key` are one attempt and one charge, whenever and however they come. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { held } from '../sdk/relay.ts';
import { bearer, leaver } from './crowd.ts';
import { type Answer, accounts, chat, createHouse, type House, KEY } from './house.ts';

const SECOND_KEY = 'second-key-0123456789abcdef';

/** Two seconds of answer behind a first token at 500 ms. */
const YAML = `${accounts(2, 'qwen3-max: { limits: { rpm: 60000, tpm: 6000000, rps: off, tps: off } }')}
keys:
  - { id: test, key: ${KEY}, limits: { rpm: 100 } }
  - { id: second, key: ${SECOND_KEY} }
heartbeat: 200ms
server: { idempotency_ttl: 30s }
simulator: { ttft: 500ms, tokens_per_second: 50, output_tokens: 100 }
`;

const UNDER = { 'idempotency-key': 'order-17' };
const STREAM = { stream: true, stream_options: { include_usage: true } };

const framesOf = (text: string): string[] =>
  text.split('\n\n').filter((frame) => frame !== '' && !frame.startsWith(':'));

const stories = (house: House) => house.log.filter(({ msg }) => msg === 'call');

/** Nothing runs and, once the answers are forgotten, nothing is held. */
async function leavesNothing(house: House): Promise<void> {
  await house.clock.advance(30_000);
  assert.deepEqual(house.app.front.idempotency.held(), { running: 0, kept: 0, bytes: 0 });
  assert.deepEqual(
    held(house.app).filter(({ count }) => count !== 0),
    [],
  );
  await house.clock.advance(600_000);
  assert.equal(house.clock.pending(), 0);
}

/** One call that is at the relay before time moves on, and its answer. */
async function ask(house: House, body: Parameters<House['call']>[0]): Promise<Answer> {
  const call = house.call(body, UNDER);
  await house.arrived();
  return house.one(call);
}

/** Ten words a second reach each of them from half a second on. */
async function streamsJoined(house: House, atMs: readonly number[]) {
  const calls = [house.call(chat('tell', STREAM), UNDER)];
  await house.arrived();
  for (const ms of atMs) {
    await house.clock.advance(ms);
    calls.push(house.call(chat('tell', STREAM), UNDER));
    await house.arrived();
  }
  return house.all(calls);
}

describe('two plain calls with one Idempotency-Key at once', () => {
  it('are one attempt, one charge and one answer', async () => {
    const house = createHouse(YAML);
    const calls = [house.call(chat('one'), UNDER), house.call(chat('one'), UNDER)];
    const [first, second] = await house.all(calls);
    assert.equal(first?.status, 200);
    assert.equal(second?.status, 200);
    assert.equal(first.text, second.text);
    assert.equal(house.simulator.stats().requests, 1);
    assert.equal(stories(house).length, 1);
    assert.equal(first.headers['x-sluice-idempotent'], undefined);
    assert.equal(second.headers['x-sluice-idempotent'], 'joined');
    assert.notEqual(first.headers['x-request-id'], second.headers['x-request-id']);
    for (const { headers } of [first, second]) {
      assert.equal(headers['x-sluice-channel'], first.headers['x-sluice-channel']);
      assert.equal(headers['x-ratelimit-remaining-requests'], '99', 'one call of the key');
    }
    assert.equal(stories(house)[0]?.['call'], first.headers['x-request-id']);
    const [told] = house.log.filter(({ msg }) => msg === 'shared answer');
    assert.equal(told?.['call'], second.headers['x-request-id']);
    assert.equal(told?.['of'], first.headers['x-request-id']);
    const metrics = house.app.front.metricsText();
    assert.match(metrics, /^sluice_idempotent_total\{how="joined"\} 1$/m);
    assert.match(metrics, /^sluice_requests_total\{[^}]*status="200"\} 1$/m);
    await leavesNothing(house);
  });

  it('are two where the header is missing', async () => {
    const house = createHouse(YAML);
    await house.all([house.call(chat('one')), house.call(chat('one'))]);
    assert.equal(house.simulator.stats().requests, 2);
    assert.equal(house.app.front.idempotency.held().kept, 0);
  });

  it('are two where their client keys differ', async () => {
    const house = createHouse(YAML);
    const other = { ...UNDER, ...bearer(SECOND_KEY) };
    const answers = await house.all([house.call(chat('one'), UNDER), house.call(chat('one'), other)]);
    assert.equal(house.simulator.stats().requests, 2);
    for (const { headers } of answers) assert.equal(headers['x-sluice-idempotent'], undefined);
  });

  it('are two where it is switched off', async () => {
    const house = createHouse(YAML.replace('idempotency_ttl: 30s', 'idempotency_ttl: 0s'));
    await house.all([house.call(chat('one'), UNDER), house.call(chat('one'), UNDER)]);
    assert.equal(house.simulator.stats().requests, 2);
  });
});

describe('streams with one Idempotency-Key', () => {
  it('are one, joined before its head, before its first token and in its middle', async () => {
    const house = createHouse(YAML);
    const [first, ...rest] = await streamsJoined(house, [0, 300, 400, 800]);
    assert.ok(framesOf(first?.text ?? '').length > 20);
    assert.match(first?.text ?? '', /\ndata: \[DONE\]\n\n$/);
    assert.match(first?.text ?? '', /^: /, 'it waited long enough for a heartbeat');
    assert.equal(rest.length, 4);
    for (const { text, headers, atMs } of rest) {
      assert.deepEqual(framesOf(text), framesOf(first?.text ?? ''));
      assert.equal(headers['x-sluice-idempotent'], 'joined');
      assert.equal(atMs, first?.atMs, 'and end together');
    }
    assert.equal(house.simulator.stats().requests, 1);
    assert.equal(stories(house).length, 1);
    await leavesNothing(house);
  });

  it('go on for those who stay when the first leaves', async () => {
    const house = createHouse(YAML);
    const payload = JSON.stringify(chat('tell', STREAM));
    const first = leaver(house, payload, { ...bearer(KEY), ...UNDER });
    await house.arrived();
    await house.clock.advance(900);
    const joiner = house.call(chat('tell', STREAM), UNDER);
    await house.arrived();
    first.leave();
    assert.equal(await first.left, 'left');
    const { text } = await house.one(joiner);
    assert.match(text, /\ndata: \[DONE\]\n\n$/);
    assert.ok(framesOf(text).length > 20);
    assert.equal(house.simulator.stats().completed, 1);
    assert.equal(stories(house)[0]?.['end'], 'complete');
    const again = await ask(house, chat('tell', STREAM));
    assert.deepEqual(framesOf(again.text), framesOf(text));
    assert.equal(again.headers['x-sluice-idempotent'], 'replayed');
    await leavesNothing(house);
  });

  it('are nothing to the others when one that joined leaves', async () => {
    const house = createHouse(YAML);
    const first = house.call(chat('tell', STREAM), UNDER);
    await house.arrived();
    await house.clock.advance(900);
    const joiner = leaver(house, JSON.stringify(chat('tell', STREAM)), { ...bearer(KEY), ...UNDER });
    await house.arrived();
    joiner.leave();
    assert.equal(await joiner.left, 'left');
    assert.match((await house.one(first)).text, /\ndata: \[DONE\]\n\n$/);
    assert.equal(house.simulator.stats().completed, 1);
    await leavesNothing(house);
  });

  it('are cancelled at the provider when all have left, before the first token as in the middle', async () => {
    for (const waitMs of [0, 300, 900]) {
      const house = createHouse(YAML);
      const payload = JSON.stringify(chat('tell', STREAM));
      const both = [0, 1].map(() => leaver(house, payload, { ...bearer(KEY), ...UNDER }));
      await house.arrived();
      await house.clock.advance(waitMs);
      for (const each of both) {
        each.leave();
        assert.equal(await each.left, 'left');
      }
      await house.clock.advance(50);
      assert.equal(house.simulator.stats().aborted, 1);
      assert.equal(stories(house)[0]?.['end'], 'client_gone');
      const { headers, status } = await ask(house, chat('tell', STREAM));
      assert.equal(status, 200);
      assert.equal(headers['x-sluice-idempotent'], undefined, 'a new attempt');
      await leavesNothing(house);
    }
  });

  it('keep their place in line for those who stay, and leave it when nobody does', async () => {
    for (const stays of [true, false]) {
      const house = createHouse(YAML.replaceAll('rpm: 60000, tpm', 'concurrency: 1, tpm'));
      const busy = [house.call(chat('before')), house.call(chat('before'))];
      await house.arrived();
      const payload = JSON.stringify(chat('tell', STREAM));
      const both = [0, 1].map(() => leaver(house, payload, { ...bearer(KEY), ...UNDER }));
      await house.arrived();
      assert.equal(house.app.front.lines()[0]?.length, 1, 'they stand there once');
      both[0]?.leave();
      if (!stays) both[1]?.leave();
      await house.arrived();
      assert.equal(house.app.front.lines().length, stays ? 1 : 0);
      await house.all(busy);
      const last = await house.clock.runUntil(both[1]?.left ?? assert.fail(), 60_000);
      if (stays) assert.match(last === 'left' ? last : last.payload, /\[DONE\]/);
      else assert.equal(last, 'left');
      assert.equal(house.simulator.stats().requests, stays ? 3 : 2);
      await leavesNothing(house);
    }
  });

  it('that break off do so for all, and are not kept', async () => {
    const house = createHouse(YAML);
    for (const account of house.simulator.accounts)
      account.set({ fault: { kind: 'cut', afterChunks: 5, times: 1 } });
    const answers = await streamsJoined(house, [300]);
    for (const { status, text } of answers) {
      assert.equal(status, 200);
      assert.match(text, /"code":"stream_died"/);
    }
    assert.equal(framesOf(answers[0]?.text ?? '').length, framesOf(answers[1]?.text ?? '').length);
    for (const account of house.simulator.accounts) account.set({ fault: null });
    const { text, headers } = await ask(house, chat('tell', STREAM));
    assert.match(text, /\[DONE\]/);
    assert.equal(headers['x-sluice-idempotent'], undefined);
    await leavesNothing(house);
  });

  it('are told of the end of a drain, all of them', async () => {
    const house = createHouse(YAML);
    const calls = [0, 1].map(() => house.call(chat('tell', STREAM), UNDER));
    await house.arrived();
    await house.clock.advance(900);
    const drained = house.app.server.drain(100);
    const answers = await house.all(calls);
    await house.clock.runUntil(drained, 1_000);
    for (const { text } of answers) assert.match(text, /"code":"shutting_down"/);
    await leavesNothing(house);
  });
});

describe('a call with the Idempotency-Key of one that has ended', () => {
  it('gets its answer until it is forgotten, at no charge', async () => {
    const house = createHouse(YAML);
    const first = await ask(house, chat('one'));
    const again = await ask(house, chat('one'));
    assert.equal(again.text, first.text);
    assert.equal(again.headers['x-sluice-idempotent'], 'replayed');
    assert.equal(again.headers['x-sluice-attempts'], '1');
    assert.equal(again.headers['x-ratelimit-remaining-requests'], '99');
    assert.equal(again.atMs, first.atMs, 'at once');
    assert.match(house.app.front.metricsText(), /^sluice_idempotent_total\{how="replayed"\} 1$/m);
    await house.clock.advance(30_000);
    const { headers } = await ask(house, chat('one'));
    assert.equal(headers['x-sluice-idempotent'], undefined);
    assert.equal(house.simulator.stats().requests, 2);
    await leavesNothing(house);
  });

  it('is refused when it asks for something else', async () => {
    const house = createHouse(YAML);
    await ask(house, chat('one'));
    const { status, json, headers } = await ask(house, chat('two'));
    assert.equal(status, 422);
    assert.equal(headers['x-should-retry'], 'false');
    const { error } = json as { error: { code: string; message: string; param: string } };
    assert.equal(error.code, 'idempotency_conflict');
    assert.equal(error.param, 'Idempotency-Key');
    assert.match(error.message, /new key/);
    assert.equal(house.simulator.stats().requests, 1);
    const metrics = house.app.front.metricsText();
    assert.match(metrics, /^sluice_idempotent_total\{how="conflict"\} 1$/m);
    assert.match(metrics, /^sluice_refused_total\{kind="idempotency_conflict",status="422"\} 1$/m);
  });

  it('makes a new attempt when that failed, while those who waited got the same failure', async () => {
    const house = createHouse(YAML);
    for (const account of house.simulator.accounts)
      account.set({ fault: { kind: 'answer', status: 500, body: '{}' } });
    const failed = await house.all([house.call(chat('one'), UNDER), house.call(chat('one'), UNDER)]);
    for (const { status, headers, json } of failed) {
      assert.equal(status, 502);
      assert.equal(headers['x-sluice-failure'], failed[0]?.headers['x-sluice-failure']);
      assert.equal(json?.['request_id'], headers['x-request-id']);
    }
    assert.equal(failed[1]?.headers['x-sluice-idempotent'], 'joined');
    assert.equal(stories(house).length, 1);
    for (const account of house.simulator.accounts) account.set({ fault: null });
    const { status, headers } = await ask(house, chat('one'));
    assert.equal(status, 200);
    assert.equal(headers['x-sluice-idempotent'], undefined);
    await leavesNothing(house);
  });

  it('with a key of 256 characters is told so', async () => {
    const house = createHouse(YAML);
    const { status, json } = await house.one(house.call(chat('one'), { 'idempotency-key': 'k'.repeat(256) }));
    assert.equal(status, 400);
    assert.match(JSON.stringify(json), /Header Idempotency-Key: expected 1 to 255/);
    assert.equal(house.simulator.stats().requests, 0);
  });
});
