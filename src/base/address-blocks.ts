/**
 * Addresses of the network and blocks of them (`10.0.0.0/8`, `2001:db8::/32`, a single address). All are held as the
 * sixteen bytes of IPv6, so that an IPv4 address is the same however it is written (`::ffff:10.0.0.1`).
 */

import { isIPv4, isIPv6 } from 'node:net';

export type AddressBlock = {
  readonly bytes: Uint8Array;
  /** How many bits of them count. */
  readonly bits: number;
};

const LENGTH = 16;
const MAPPED_BITS = 96;

/** Undefined for what is no address. */
export function bytesOf(address: string): Uint8Array | undefined {
  if (isIPv4(address)) return mapped(address);
  // `fe80::1%eth0`: which of our own cables it came by makes no other address of it.
  const zone = address.indexOf('%');
  const plain = zone < 0 ? address : address.slice(0, zone);
  if (!isIPv6(plain)) return undefined;
  const [before = '', after] = plain.split('::');
  const head = wordsOf(before);
  const tail = after === undefined ? [] : wordsOf(after);
  const gap = Array.from({ length: LENGTH / 2 - head.length - tail.length }, () => 0);
  const bytes = new Uint8Array(LENGTH);
  [...head, ...gap, ...tail].forEach((word, index) => {
    bytes[2 * index] = word >> 8;
    bytes[2 * index + 1] = word & 255;
  });
  return bytes;
}

function mapped(address: string): Uint8Array {
  const bytes = new Uint8Array(LENGTH);
  bytes.fill(255, 10, 12);
  bytes.set(address.split('.').map(Number), 12);
  return bytes;
}

/** Of one half of an IPv6 address; its last four bytes may be written as those of IPv4. */
function wordsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [Number.parseInt(part, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

/** Undefined for what is none. Bits behind the length do not count: `10.1.2.3/8` is `10.0.0.0/8`. */
export function blockOf(text: string): AddressBlock | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const bytes = address.includes('%') ? undefined : bytesOf(address);
  if (bytes === undefined) return undefined;
  if (slash < 0) return { bytes, bits: 8 * LENGTH };
  const written = text.slice(slash + 1);
  const above = isIPv4(address) ? MAPPED_BITS : 0;
  const bits = above + Number(written);
  return /^(0|[1-9]\d{0,2})$/.test(written) && bits <= 8 * LENGTH ? { bytes, bits } : undefined;
}

export const blocksOf = (texts: readonly string[]): AddressBlock[] =>
  texts.flatMap((text) => blockOf(text) ?? []);

export function isWithin(blocks: readonly AddressBlock[], address: string | undefined): boolean {
  const bytes = address === undefined ? undefined : bytesOf(address);
  return bytes !== undefined && blocks.some((block) => holds(block, bytes));
}

function holds({ bytes, bits }: AddressBlock, address: Uint8Array): boolean {
  const whole = bits >> 3;
  for (let index = 0; index < whole; index++) if (bytes[index] !== address[index]) return false;
  const rest = bits & 7;
  if (rest === 0) return true;
  return (((bytes[whole] ?? 0) ^ (address[whole] ?? 0)) & (0xff00 >> rest)) === 0;
}

/**
 * Where a request came from: the peer, or where the peer is a trusted proxy, the last address of `x-forwarded-for` that
 * is none. What stands before that one anybody could have written.
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | string[] | undefined,
  trusted: readonly AddressBlock[],
): string | undefined {
  if (trusted.length === 0 || forwardedFor === undefined || !isWithin(trusted, peer)) return peer;
  const hops = String(forwardedFor)
    .split(',')
    .map((hop) => hop.trim());
  let client = peer;
  for (const hop of hops.toReversed()) {
    client = hop;
    if (!isWithin(trusted, hop)) break;
  }
  return client;
}
