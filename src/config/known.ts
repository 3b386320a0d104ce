/** The names other rooms define. They come in by hand, so that the configuration can be checked without knowing them. */

export type KnownProvider = {
  readonly id: string;
  /** Environment variables that usually hold a secret, first one wins; empty: it works without a secret. */
  readonly variables: readonly string[];
  /** Region ids, the default first; empty where the provider has none. */
  readonly regions: readonly string[];
  /** Environment variables that name the region, beside `…_REGION` of its own. */
  readonly regionVariables?: readonly string[];
  /** The region that a secret of this variable is of, where its name tells. */
  readonly regionByVariable?: Readonly<Record<string, string>>;
  /** Models offered when an account lists none. */
  readonly models: readonly string[];
  /** Header by which it is asked to keep a call in a line of its own; undefined: it has no such line. */
  readonly waitHeader?: string;
  /** The provider's own address; undefined when it must be configured. */
  baseUrl(region?: string): string | undefined;
};

export type Known = {
  readonly providers: readonly KnownProvider[];
  readonly strategies: readonly string[];
};
