/**
 * Where an account may be that was added while running: whoever may add accounts can make the relay send requests, and
 * shall not reach by it what only the relay's machine can reach. The file's author has that machine anyway, and is free.
 */

import { BlockList, isIP } from 'node:net';
import type { KnownProvider } from './known.ts';

/** Never a provider: this host's own network configuration, and what hands out the machine's credentials. */
const CLOSED = listOf({
  ipv4: ['0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '224.0.0.0/4', '240.0.0.0/4', '100.100.100.200/32'],
  // With NAT64 and 6to4, by which any IPv4 address can be written.
  ipv6: ['::/128', 'fe80::/10', 'ff00::/8', 'fd00:ec2::254/128', '64:ff9b::/32', '2002::/16'],
});
/** Loopback, private and shared networks: https://www.iana.org/assignments/iana-ipv4-special-registry/ */
const INNER = listOf({
  ipv4: ['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15'],
  // IPv4 written into IPv6 by the old compatible form, and loopback with it.
  ipv6: ['::/96', 'fc00::/7', 'fec0::/10'],
});

const METADATA_NAME = /^(metadata|metadata\.google\.internal|instance-data(\..+)?)$/;
const INNER_NAME = /^[^.]+$|\.(localhost|local|internal|intranet|lan|home|corp|home\.arpa)$/;

/** Of Azure, which tells the version of its API so: https://learn.microsoft.com/azure/ai-services/openai/api-version-deprecation */
const VERSION_PARAMETER = 'api-version';

/** A server of one's own stands where one wants, and so may its address. */
const mayBeInner = (provider: KnownProvider | undefined): boolean =>
  provider !== undefined && (provider.variables.length === 0 || provider.baseUrl() === undefined);

/** Completes "expected …"; undefined: it may be there. `url`: one that is an address at all. */
export function addressExpected(url: string, provider: KnownProvider | undefined): string | undefined {
  // It is told to whoever may look, and stands in every copy of the database: no place for a key.
  const { hash, searchParams } = new URL(url);
  if (hash !== '' || [...searchParams.keys()].some((name) => name !== VERSION_PARAMETER))
    return 'an address without a query (a key goes into the secrets of the account)';
  // The parser has made one form of decimal, hexadecimal and short IPv4 addresses.
  const host = new URL(url).hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
  const family = isIP(host) === 0 ? undefined : isIP(host) === 4 ? 'ipv4' : 'ipv6';
  const isIn = (list: BlockList): boolean => family !== undefined && list.check(host, family);
  if (isIn(CLOSED) || (family === undefined && METADATA_NAME.test(host)))
    return 'the address of a provider, not one of the network itself';
  const isInner = family === undefined ? INNER_NAME.test(host) : isIn(INNER);
  if (!isInner || mayBeInner(provider)) return undefined;
  return `a public address, because '${provider?.id ?? 'this provider'}' is no server of your own (for one, openai-compatible and its like; or write the account in the file)`;
}

function listOf(networks: { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] }): BlockList {
  const list = new BlockList();
  for (const family of ['ipv4', 'ipv6'] as const)
    for (const network of networks[family]) {
      const [address = '', bits] = network.split('/');
      list.addSubnet(address, Number(bits), family);
    }
  return list;
}
