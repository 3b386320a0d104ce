/**
 * The tables, the same in both databases. Integers are numbers but for those whose column ends in `_nano`: these are
 * `bigint`, billionths of a dollar. Times end in `_ms`, clock time. What has an own shape inside is JSON text.
 */

/** One row a call; written once. Pruned by whole days, what was charged being carried over to its wallet first. */
export type EntryRow = {
  id: string;
  instance: string;
  arrived_ms: number;
  ended_ms: number;
  tenant: string;
  project: string | null;
  key: string;
  dialect: string;
  stream: number;
  model: string;
  served: string | null;
  channel: string | null;
  account: string | null;
  provider: string | null;
  status: number;
  end_reason: string;
  failure: string | null;
  attempts: number;
  queue_ms: number;
  overhead_ms: number;
  first_content_ms: number | null;
  duration_ms: number;
  input: number | null;
  cache_read: number | null;
  cache_write: number | null;
  output: number | null;
  reasoning: number | null;
  usage_source: string | null;
  price: string | null;
  price_row: string | null;
  factor: string;
  list_nano: bigint | null;
  upstream_nano: bigint | null;
  charged_nano: bigint | null;
  /** Charged to the tenant's wallet (1) or only counted (0). */
  in_wallet: number;
  /** JSON array. */
  tags: string;
};

/** Attempts, waits and fallbacks of a call, JSON; kept for a shorter time than its entry. */
export type StoryRow = { call: string; arrived_ms: number; story: string };

/** Sums of the calls that arrived in a minute or on a day with the same dimensions; `tag` is '' for all calls together. */
export type RollupRow = {
  /** `minute` or `day`. */
  span: string;
  /** Its beginning. */
  from_ms: number;
  /** A number for the dimensions: `dimensions.id`. */
  dimensions: number;
  calls: number;
  input: number;
  cache_read: number;
  cache_write: number;
  output: number;
  reasoning: number;
  /** Calls whose cost is unknown. */
  unpriced: number;
  list_nano: bigint;
  upstream_nano: bigint;
  charged_nano: bigint;
  queue_ms: number;
  duration_ms: number;
  /**
   * How many of the calls took how long, JSON: `{"d35": 3, "f20": 1, "q0": 4}`, a letter for duration, first content or
   * queue and a step of `src/ledger/time-steps.ts`.
   */
  times: string;
};

export type DimensionsRow = {
  /** 52 bits of a hash of all the others. */
  id: number;
  tenant: string;
  project: string;
  key: string;
  model: string;
  served: string;
  channel: string;
  account: string;
  provider: string;
  /** The failure's kind, '' where there was none. */
  failure: string;
  tag: string;
  /** As decimal text. */
  factor: string;
  /** Charged to the tenant's wallet (1) or only counted (0). */
  in_wallet: number;
};

/** Money that calls may use: wallets and budgets. Only ever changed by additions within one statement. */
export type PurseRow = {
  /** `wallet:acme`, `budget:key:web:day:2026-11-26`, `budget:tenant:acme:total`. */
  id: string;
  /** Charged so far; what is paid into a wallet makes it less, so that a balance is `-spent_nano`. */
  spent_nano: bigint;
  /** Sum of the holds. */
  held_nano: bigint;
  updated_ms: number;
};

/** What one instance holds of one purse for its calls under way, until it expires unless renewed. */
export type HoldRow = { purse: string; instance: string; amount_nano: bigint; expires_ms: number };

export type WalletEntryRow = {
  id: string;
  tenant: string;
  at_ms: number;
  kind: string;
  amount_nano: bigint;
  call: string | null;
  note: string | null;
  actor: string;
};

type Edited = {
  /** Grows by one with each change: the ETag. */
  version: number;
  created_ms: number;
  updated_ms: number;
};

/** Of what every instance keeps in memory: the revision of `keys` at its last change. */
type Followed = Edited & { revision: number };

export type TenantRow = Followed & {
  id: string;
  name: string;
  active: number;
  wallet: string;
  credit_limit_nano: bigint;
  /** JSON: budgets as decimal dollars by period, metadata. */
  settings: string;
};

export type ProjectRow = Followed & { id: string; tenant: string; name: string; settings: string };

export type ClientKeyRow = Followed & {
  id: string;
  tenant: string;
  project: string | null;
  label: string;
  /** `active` or `revoked`. */
  state: string;
  expires_ms: number | null;
  /** JSON: models, endpoints, addresses, limits, on_limit, priority, weight, fallback, fallbacks, objects, budgets, metadata. */
  settings: string;
};

/** A key has one, and two while it is rotated. The key itself is kept nowhere. */
export type KeyHashRow = {
  /** SHA-256 of the key, hex. */
  hash: string;
  key: string;
  /** The beginning of the key, for people to know it by. */
  prefix: string;
  created_ms: number;
  /** From then on it is not good any more. */
  ends_ms: number | null;
};

export type AccountRow = Edited & {
  id: string;
  provider: string;
  /** JSON, as the account would stand in the file, without its secrets. */
  settings: string;
};

/** An upstream secret, sealed by the master key. */
export type AccountSecretRow = {
  id: string;
  account: string;
  sealed: string;
  /** Its last four characters, for people to know it by. */
  hint: string;
  created_ms: number;
};

/** A model by the name that clients ask for; JSON as it would stand in the file. */
export type ModelRow = Edited & { name: string; settings: string };

/** What is said of one channel: paused or drained, limits. */
export type ChannelRow = Edited & {
  /** `account/upstream-model`. */
  id: string;
  /** `active`, `paused` or `draining`. */
  state: string;
  settings: string;
};

/** Never changed: a new price is a new row. */
export type PriceRow = {
  id: string;
  /** What it is a price of: `provider/model`, `account/model` for one channel, or a model's name. */
  scope: string;
  /** `provider`, `channel` or `model`. */
  scope_kind: string;
  region: string | null;
  /** JSON of a `Price` without its source. */
  price: string;
  from_ms: number;
  created_ms: number;
  actor: string;
};

/** A price factor; never changed but ended. The one that names most holds. */
export type FactorRow = {
  id: string;
  tenant: string | null;
  project: string | null;
  key: string | null;
  model: string | null;
  account: string | null;
  /** Decimal text. */
  factor: string;
  from_ms: number;
  until_ms: number | null;
  created_ms: number;
  actor: string;
};

/** Who may use the admin API, beside the admin key. */
export type AdminRow = Edited & {
  id: string;
  name: string;
  /** `owner`, `operator`, `viewer` or `tenant-admin`. */
  role: string;
  /** Whose, for a tenant admin. */
  tenant: string | null;
  /** SHA-256 of its key, hex. */
  hash: string;
  prefix: string;
  active: number;
};

export type SessionRow = {
  /** SHA-256 of the cookie's value, hex. */
  hash: string;
  /** `owner` for the admin key itself. */
  admin: string;
  csrf: string;
  created_ms: number;
  expires_ms: number;
};

export type AuditRow = {
  id: string;
  at_ms: number;
  /** Who: an admin's id, or `owner` for the admin key. */
  actor: string;
  role: string;
  address: string;
  /** `create`, `update`, `delete` or another word for what was done. */
  action: string;
  kind: string;
  object: string;
  tenant: string | null;
  /** JSON without secrets; null where there was nothing. */
  before: string | null;
  after: string | null;
};

/** Answers to creations that may be asked for again. */
export type AdminAnswerRow = {
  /** Of actor, route and `Idempotency-Key`. */
  hash: string;
  fingerprint: string;
  status: number;
  /** JSON; what may be shown only once is not in it. */
  body: string;
  expires_ms: number;
};

/** Counts the changes of what an instance keeps in memory: `config`, `keys`, `prices`. */
export type RevisionRow = { topic: string; revision: number };

/** What the migrator has done. */
export type MigrationRow = { name: string; at_ms: number };

export type Tables = {
  migrations: MigrationRow;
  entries: EntryRow;
  stories: StoryRow;
  rollups: RollupRow;
  dimensions: DimensionsRow;
  purses: PurseRow;
  holds: HoldRow;
  wallet_entries: WalletEntryRow;
  tenants: TenantRow;
  projects: ProjectRow;
  client_keys: ClientKeyRow;
  key_hashes: KeyHashRow;
  accounts: AccountRow;
  account_secrets: AccountSecretRow;
  models: ModelRow;
  channels: ChannelRow;
  prices: PriceRow;
  factors: FactorRow;
  admins: AdminRow;
  sessions: SessionRow;
  audit: AuditRow;
  admin_answers: AdminAnswerRow;
  revisions: RevisionRow;
};
