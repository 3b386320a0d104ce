import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { blockOf, blocksOf, bytesOf, clientAddress, isWithin } from './address-blocks.ts';

const within = (block: string, address: string): boolean => isWithin(blocksOf([block]), address);

const v4 = fc.tuple(...Array.from({ length: 4 }, () => fc.nat(255))).map((bytes) => bytes.join('.'));
const v6 = fc
  .tuple(...Array.from({ length: 8 }, () => fc.oneof(fc.constant(0), fc.nat(0xffff))))
  .map((words) => words.map((word) => word.toString(16)).join(':'));

/** Few addresses are in a random block: every other one is made a neighbour of it. */
const near = (text: string, other: string, bits: number): string => {
  const [bytes, others] = [bytesOf(text), bytesOf(other)];
  assert.ok(bytes !== undefined && others !== undefined);
  const mixed = bytes.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - 8 * index));
    const mask = (0xff00 >> kept) & 255;
    return (byte & mask) | ((others[index] ?? 0) & ~mask & 255);
  });
  return Array.from({ length: 8 }, (_, i) =>
    (((mixed[2 * i] ?? 0) << 8) | (mixed[2 * i + 1] ?? 0)).toString(16),
  ).join(':');
};

test('a block holds what Node says that it holds, IPv4 and IPv6', () => {
  fc.assert(
    fc.property(v4, v4, fc.integer({ min: 0, max: 32 }), fc.boolean(), (block, other, bits, isNear) => {
      const list = new BlockList();
      list.addSubnet(block, bits, 'ipv4');
      const address = isNear ? near(block, other, 96 + bits) : other;
      const expected = list.check(address, isNear ? 'ipv6' : 'ipv4');
      assert.equal(within(`${block}/${bits}`, address), expected);
    }),
  );
  fc.assert(
    fc.property(v6, v6, fc.integer({ min: 0, max: 128 }), fc.boolean(), (block, other, bits, isNear) => {
      const list = new BlockList();
      list.addSubnet(block, bits, 'ipv6');
      const address = isNear ? near(block, other, bits) : other;
      assert.equal(within(`${block}/${bits}`, address), list.check(address, 'ipv6'));
    }),
  );
});

test('an IPv4 address is the same however it is written, in a block and as an address', () => {
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '::FFFF:0a01:0203', '0:0:0:0:0:ffff:10.1.2.3']) {
    for (const block of ['10.0.0.0/8', '10.1.2.3', '::ffff:10.0.0.0/104', '10.200.0.1/8', '0.0.0.0/0'])
      assert.ok(within(block, address), `${address} in ${block}`);
    for (const block of ['11.0.0.0/8', '10.1.2.4', '::10.1.2.3', '2000::/3'])
      assert.ok(!within(block, address), `${address} in ${block}`);
  }
});

test('shortened addresses and those with a zone are understood', () => {
  assert.ok(within('fe80::/10', 'fe80::1%eth0'));
  assert.ok(within('2001:db8::/32', '2001:0DB8:0:0::1'));
  assert.ok(within('::1', '0:0:0:0:0:0:0:1'));
  assert.ok(within('::/0', '1::'));
});

test('what is no block is none, and what is no address is in none', () => {
  const wrong = [
    ...['', '10.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0/08'],
    ...['::/129', 'host.example', 'fe80::1%eth0', '10.0.0.256', '1:2:3'],
  ];
  for (const text of wrong) assert.equal(blockOf(text), undefined, text);
  for (const address of [undefined, '', 'unknown', '10.0.0.0/8', 'a.b.c.d'])
    assert.equal(isWithin(blocksOf(['0.0.0.0/0', '::/0']), address), false, String(address));
});

test('behind trusted proxies the client is the last one that is none, and nobody else is believed', () => {
  const trusted = blocksOf(['10.0.0.0/8', '::1']);
  const of = (peer: string, header: string | undefined) => clientAddress(peer, header, trusted);
  assert.equal(of('10.0.0.1', '203.0.113.7'), '203.0.113.7');
  assert.equal(of('::ffff:10.0.0.1', '198.51.100.1, 203.0.113.7, 10.9.9.9'), '203.0.113.7');
  assert.equal(of('203.0.113.9', '10.0.0.5'), '203.0.113.9', 'a stranger says what it likes');
  assert.equal(of('10.0.0.1', undefined), '10.0.0.1');
  assert.equal(of('::1', '10.0.0.2'), '10.0.0.2', 'a machine of the house itself');
  assert.equal(of('10.0.0.1', 'nonsense'), 'nonsense', 'which is in no block');
  assert.equal(clientAddress('10.0.0.1', '203.0.113.7', []), '10.0.0.1');
});
