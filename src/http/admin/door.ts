/**
 * The door of the admin API: from where it may be asked, who asks (by an admin key, or by the cookie of a session with its
 * CSRF token), and how often somebody may guess. Keys and sessions themselves are known to `access/`.
 */

import { type AdminIdentities, isSame, type Session } from '../../access/admin-identities.ts';
import { type Attempts, createAttempts, TooManyAttempts } from '../../access/attempts.ts';
import { blocksOf, clientAddress, isWithin } from '../../base/address-blocks.ts';
import { isLoopback } from '../door.ts';
import type { Door } from './admin.ts';
import { hostNameOf, isGoodHost, isLoopbackName, isOwnPage } from './hosts.ts';
import { AdminProblem, type Asker, type Knock } from './route.ts';

export type DoorSettings = {
  readonly enabled: boolean;
  /** From where it may be asked, as addresses and blocks; empty: from everywhere. */
  readonly addresses: readonly string[];
  readonly hosts: readonly string[];
  /** From these `x-forwarded-for` is believed. */
  readonly trustedProxies: readonly string[];
};

export type SignedIn = {
  readonly session: Session;
  /** For `Set-Cookie`. */
  readonly cookie: string;
};

export type AdminDoor = Door & {
  /** Throws 401 for nobody, 429 for who has guessed too often. */
  signIn(knock: Knock, key: string): Promise<SignedIn>;
  /** What `Set-Cookie` says then. */
  signOut(knock: Knock): Promise<string>;
  /** The session that the request belongs to, if it does to one. */
  sessionOf(knock: Knock): Promise<Session | undefined>;
};

/** Wrong keys a minute; of all together so many more where programs ask, that few cannot shut out everybody. */
const GUESSES = { each: 10, all: 10_000 };
const SIGN_INS = { each: 10, all: 100 };
const LONGEST_KEY = 500;

const COOKIE = 'sluice_session';
/** Browsers take it from this host alone, over TLS alone: https://www.rfc-editor.org/rfc/rfc6265#section-4.1.2 and its draft successor. */
const HOST_COOKIE = `__Host-${COOKIE}`;
const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

export function createDoor(options: {
  readonly identities: AdminIdentities;
  readonly now: () => number;
  readonly settings: () => DoorSettings;
  /** Why there is no admin API; undefined: there is one. */
  readonly off?: string;
}): AdminDoor {
  const { identities, now, settings, off } = options;
  const keys = createAttempts(now, GUESSES);
  const signIns = createAttempts(now, SIGN_INS);

  const tried = async <T>(
    attempts: Attempts,
    address: string,
    look: () => Promise<T | undefined>,
  ): Promise<T> => {
    const found = await attempts.try(address, look).catch((error: unknown) => {
      if (!(error instanceof TooManyAttempts)) throw error;
      throw new AdminProblem(429, error.message, [], {
        'retry-after': String(Math.ceil(error.waitMs / 1_000)),
      });
    });
    if (found === undefined) throw nobody('No admin has this key. A client key is none.');
    return found;
  };

  return {
    addressOf: (peer, forwardedFor) =>
      clientAddress(peer, forwardedFor, blocksOf(settings().trustedProxies)) ?? peer,
    check({ headers, address, peer }) {
      const { enabled, addresses, hosts } = settings();
      if (!enabled) throw new AdminProblem(403, 'The admin API is switched off (admin.enabled).');
      if (off !== undefined) throw new AdminProblem(403, off);
      if (addresses.length > 0 && !isWithin(blocksOf(addresses), address))
        throw new AdminProblem(403, 'The admin API may not be asked from this address (admin.addresses).');
      if (!isGoodHost(headers['host'], { isLocal: isLoopback(peer), hosts }))
        throw new AdminProblem(
          403,
          'Host: the admin API is not asked by this name. Use 127.0.0.1 or localhost on this machine, or add the name to admin.hosts.',
        );
      if (!isOwnPage(headers, hosts))
        throw new AdminProblem(
          403,
          'Origin: a page of another origin may not ask (admin.hosts names those that may).',
        );
    },
    async admit(knock) {
      const key = keyIn(knock);
      if (key !== undefined) {
        const identity = await tried(keys, knock.address, () => identities.byKey(key));
        return askerOf(identity, knock);
      }
      const token = tokenIn(knock);
      if (token === undefined)
        throw nobody("No admin key was sent. Send one as 'Authorization: Bearer …', or sign in.");
      const session = await identities.bySession(token);
      if (session === undefined) throw nobody('The session has ended: sign in again.');
      if (WRITES.has(knock.method) && !isSame(String(knock.headers['x-csrf-token'] ?? ''), session.csrf))
        throw new AdminProblem(
          403,
          'x-csrf-token: expected the token that the session was opened with (GET /admin/v1/session tells it).',
        );
      return askerOf(session.identity, knock);
    },
    async signIn(knock, key) {
      const identity = await tried(signIns, knock.address, async () =>
        key.length > LONGEST_KEY ? undefined : identities.byKey(key),
      );
      const { token, ...session } = await identities.open(identity);
      return { session, cookie: cookieText(knock, token) };
    },
    async signOut(knock) {
      const token = tokenIn(knock);
      if (token !== undefined) await identities.end(token);
      return `${cookieText(knock, '')}; Max-Age=0`;
    },
    async sessionOf(knock) {
      const token = keyIn(knock) === undefined ? tokenIn(knock) : undefined;
      return token === undefined ? undefined : identities.bySession(token);
    },
  };
}

const nobody = (detail: string): AdminProblem =>
  new AdminProblem(401, detail, [], { 'www-authenticate': 'Bearer realm="sluice admin"' });

const askerOf = ({ id, role, tenant }: Session['identity'], { address }: Knock): Asker => ({
  id,
  role,
  ...(tenant === undefined ? {} : { tenant }),
  address,
});

function keyIn({ headers }: Knock): string | undefined {
  const key = /^bearer\s+(\S.*)$/i.exec(String(headers['authorization'] ?? ''))?.[1]?.trim();
  return key === undefined || key.length > LONGEST_KEY ? undefined : key;
}

/** Over plain HTTP on this machine browsers keep no `__Host-` cookie; elsewhere no other one is good. */
const isPlain = ({ peer, headers }: Knock): boolean =>
  isLoopback(peer) &&
  isLoopbackName(hostNameOf(headers['host'])) &&
  String(headers['x-forwarded-proto'] ?? 'http') === 'http';

function cookieText(knock: Knock, token: string): string {
  const plain = isPlain(knock);
  const name = plain ? COOKIE : HOST_COOKIE;
  return `${name}=${token}; Path=/; HttpOnly; SameSite=Strict${plain ? '' : '; Secure'}`;
}

function tokenIn(knock: Knock): string | undefined {
  const name = isPlain(knock) ? COOKIE : HOST_COOKIE;
  for (const part of String(knock.headers['cookie'] ?? '').split(';')) {
    const [left = '', right = ''] = part.split('=');
    if (left.trim() === name && /^[\w-]{43}$/.test(right.trim())) return right.trim();
  }
  return undefined;
}
