/** Who may do what in the admin API. */

/** `owner`: everything. `operator`: all but admins. `viewer`: only look. `tenant-admin`: the own tenant alone. */
export const ADMIN_ROLES = ['owner', 'operator', 'viewer', 'tenant-admin'] as const;
export type AdminRole = (typeof ADMIN_ROLES)[number];

/** An admin who has shown who it is. */
export type AdminIdentity = {
  /** Its id in the database; `owner` for the admin key itself. */
  readonly id: string;
  readonly name: string;
  readonly role: AdminRole;
  /** Of a tenant admin. */
  readonly tenant?: string;
};

/** Whose changes are those made with the admin key itself. */
export const ADMIN_KEY_ID = 'owner';
