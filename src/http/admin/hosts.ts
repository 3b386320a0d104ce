/**
 * By which names the admin API may be asked. A web page whose own name was pointed at this machine ("DNS rebinding") is
 * known by its Host header: on this machine only names of this machine are good, and those that an operator has named.
 */

const LOOPBACK_NAME = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i;

/** `Host` without its port, in small letters. */
export const hostNameOf = (header: string | string[] | undefined): string =>
  String(header ?? '')
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/\.$/, '');

export const isLoopbackName = (name: string): boolean => LOOPBACK_NAME.test(name);

/** Of an address to listen on. */
export const isLoopbackHost = (host: string): boolean =>
  isLoopbackName(host.includes(':') ? `[${host}]` : host);

/** `isLocal`: the connection comes from this machine. */
export function isGoodHost(
  header: string | string[] | undefined,
  { isLocal, hosts }: { readonly isLocal: boolean; readonly hosts: readonly string[] },
): boolean {
  const name = hostNameOf(header);
  if (hosts.some((each) => hostNameOf(each) === name)) return true;
  return isLocal ? isLoopbackName(name) : hosts.length === 0;
}

/** Browsers say where a page is from; programs do not, and are not meant. */
export function isOwnPage(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  hosts: readonly string[],
): boolean {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  if (origin === undefined) return true;
  const own = URL.parse(String(origin));
  if (own === null) return false;
  // A proxy may have put its own name into Host.
  if (hosts.some((each) => hostNameOf(each) === hostNameOf(own.host))) return true;
  const asked = String(host ?? '').toLowerCase();
  return own.host.toLowerCase() === asked.replace(/:(80|443)$/, '');
}
