/** Alerts over real sockets: signed as the standard's own library accepts it, by the relay and by the command. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Webhook as Receiver } from 'standardwebhooks';
import { known } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { spawnChild } from './child.ts';
import { FAST, KEY, startRelay, until } from './relay.ts';
import { type Answerer, type Received, type StubUpstream, startStub } from './stub-upstream.ts';

const SECRET = `whsec_${Buffer.alloc(32, 0x77).toString('base64')}`;
const NEW_SECRET = `whsec_${Buffer.alloc(64, 0x78).toString('base64')}`;

const configured = (url: string, secret = SECRET): string =>
  `${FAST}keys: [{ id: test, key: ${KEY} }]\nalerts: { webhooks: [{ url: "${url}", secret: "${secret}" }] }\n`;

const answer =
  (status: number, headers: Record<string, string> = {}): Answerer =>
  (_received, response) => {
    response.writeHead(status, headers).end('thank you');
  };

const verified = ({ body, headers }: Received, secret = SECRET): unknown =>
  new Receiver(secret).verify(body.toString(), headers as Record<string, string>);

describe('alerts of a running relay', () => {
  let stub: StubUpstream;
  before(async () => {
    stub = await startStub(answer(200));
  });
  after(() => stub.close());

  it('arrive signed, on one connection, and are counted', async () => {
    const relay = await startRelay(configured(`${stub.url}/path-token?of=query`));
    try {
      relay.app.alerts.raise({ type: 'switched_off', what: 'account a', kind: 'auth' });
      assert.ok(await until(() => relay.app.alerts.pending() === 0));
      relay.app.alerts.raise({ type: 'switched_on', what: 'account a', kind: 'auth' });
      assert.ok(await until(() => relay.app.alerts.pending() === 0));
      const [off, on] = stub.received;
      assert.ok(off && on);
      assert.equal(off.url, '/v1/path-token?of=query');
      assert.equal((verified(off) as { type: string }).type, 'account.switched_off');
      assert.equal((verified(on) as { type: string }).type, 'account.switched_on');
      assert.throws(() => verified(off, NEW_SECRET));
      assert.equal(relay.transport.openSockets(), 1);
      const metrics = await (await fetch(`${relay.url}/metrics`)).text();
      assert.match(metrics, /^sluice_webhook_deliveries_total\{outcome="delivered"\} 2$/m);
      assert.match(metrics, /^sluice_alerts_total\{type="switched_off",kind="auth"\} 1$/m);
      assert.ok(!/path-token|of=query/.test(JSON.stringify(relay.log)));
    } finally {
      await relay.app.alerts.close();
      await relay.close();
    }
  });

  it('go to the webhooks of the configuration that was reloaded', async () => {
    const other = await startStub(answer(204));
    const relay = await startRelay(configured(stub.url));
    try {
      const text = configured(other.url, NEW_SECRET);
      relay.app.apply(loadConfig({ path: 'test.yaml', env: {}, known, readFile: () => text }));
      const before = stub.received.length;
      relay.app.alerts.raise({ type: 'switched_off', what: 'account b', kind: 'balance' });
      assert.ok(await until(() => relay.app.alerts.pending() === 0));
      assert.equal(stub.received.length, before);
      assert.ok(verified(other.last(), NEW_SECRET));
    } finally {
      await relay.close();
      await other.close();
    }
  });

  it('do not follow a redirect, and do not keep the relay from ending', async () => {
    const other = await startStub(answer(200));
    stub.answer = answer(307, { location: other.url });
    const relay = await startRelay(configured(stub.url));
    try {
      const before = stub.received.length;
      relay.app.alerts.raise({ type: 'switched_off', what: 'account a', kind: 'banned' });
      assert.ok(await until(() => stub.received.length > before));
      assert.equal(relay.app.alerts.pending(), 1);
      await relay.app.alerts.close();
      assert.equal(relay.app.alerts.pending(), 0);
      assert.equal(other.received.length, 0);
    } finally {
      await relay.close();
      await other.close();
    }
  });
});

describe('sluice alerts test', () => {
  it('tries every webhook and shows no secret', async () => {
    const stub = await startStub(answer(202));
    const config = configured(`${stub.url}/secret-path?secret=query`);
    const sluice = async (...args: string[]): Promise<{ out: string; code: number | null }> => {
      const child = spawnChild({ config, args });
      const code = await child.exit;
      const out = child.output() + child.errors();
      await child.remove();
      return { out, code };
    };
    try {
      const { out, code } = await sluice('alerts', 'test');
      assert.equal(code, 0, out);
      assert.match(out, /^ok +webhook 1 {2}http:\/\/127\.0\.0\.1:\d+\/… {2}\d+ ms {2}202\n$/);
      assert.equal((verified(stub.last()) as { type: string }).type, 'alert.test');

      stub.answer = answer(500);
      const failed = await sluice('alerts', 'test');
      assert.equal(failed.code, 1);
      assert.match(failed.out, /^FAILED .* 500, expected 2xx/);

      const checked = await sluice('check');
      assert.equal(checked.code, 0);
      assert.match(
        checked.out,
        /^1 webhook\n {2}http:\/\/127\.0\.0\.1:\d+\/… {2}switched_off, switched_on, benched_long$/m,
      );
      for (const hidden of [SECRET.slice(6), 'secret-path', 'query'])
        assert.ok(![out, failed.out, checked.out].join('').includes(hidden));
    } finally {
      await stub.close();
    }
  });
});
