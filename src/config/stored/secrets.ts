/**
 * The secrets of an account that the database keeps. Each is sealed for its account, provider and address together, so
 * that one whose row was given another address behind our back opens nowhere: nobody can have it sent to himself.
 */

import type { Sealing } from '../../storage/sealing.ts';
import type { StoredAccount, StoredSecret } from './rows.ts';

type Owner = Pick<StoredAccount, 'id' | 'provider' | 'settings'>;

/** What a secret is bound to. With another one, the account's secrets are void. */
export const boundTo = ({ id, provider, settings }: Owner): string =>
  JSON.stringify([id, provider, addressIn(settings)]);

function addressIn({ base_url: written }: Owner['settings']): string | null {
  return typeof written === 'string' ? written.replace(/\/+$/, '') : null;
}

/** May the secrets stay when the account becomes that? */
export const keepsSecrets = (before: Owner, after: Owner): boolean => boundTo(before) === boundTo(after);

/** As much of a secret as people may see: nothing of a short one. */
export const hintOf = (secret: string): string => (secret.length >= 16 ? `…${secret.slice(-4)}` : '…');

export type OpenedSecrets = {
  readonly secrets: readonly string[];
  readonly problems: readonly string[];
  /** Those that a former master key had sealed, sealed anew. */
  readonly anew: readonly { readonly id: string; readonly was: string; readonly sealed: string }[];
};

export const NO_MASTER_KEY =
  'there is no master key: set SLUICE_MASTER_KEY (openssl rand -base64 32 makes a good one), the same on every instance, ' +
  'and start again';

export function openSecrets(account: StoredAccount, sealing: Sealing | undefined): OpenedSecrets {
  const secrets: string[] = [];
  const problems: string[] = [];
  const anew: { id: string; was: string; sealed: string }[] = [];
  const context = boundTo(account);
  for (const secret of account.secrets) {
    const opened = sealing?.open(secret.sealed, context) ?? { problem: `it is sealed and ${NO_MASTER_KEY}` };
    if ('problem' in opened) problems.push(`${nameOf(secret)}: ${opened.problem}`);
    else {
      secrets.push(opened.text);
      if (opened.old && sealing !== undefined)
        anew.push({ id: secret.id, was: secret.sealed, sealed: sealing.seal(opened.text, context) });
    }
  }
  return { secrets, problems, anew };
}

const nameOf = ({ id, hint }: StoredSecret): string => `secret ${id} (${hint})`;
