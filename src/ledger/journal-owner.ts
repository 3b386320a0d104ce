/** Whose a file of the journal is, told by its name: the machine, the process, and the run, for numbers of processes return. */

export type JournalOwner = { readonly host: string; readonly pid: number; readonly run: string };

/** The owner as one word: what entries call the instance that wrote them. */
export const instanceOf = ({ host, pid, run }: JournalOwner): string => `${host}~${pid}~${run}`;

/** `run`: a few letters that no other run has. */
export const journalOwner = (host: string, pid: number, run: string): JournalOwner => ({
  host: host.replace(/[^A-Za-z0-9.-]/g, '-').slice(0, 100) || 'host',
  pid,
  run,
});

export const journalFile = (owner: JournalOwner, number: number): string =>
  `${instanceOf(owner)}~${number}.jsonl`;

/** Undefined for files that are no journal. */
export function ownerOfFile(name: string): JournalOwner | undefined {
  const [, host, pid, run] = /^([A-Za-z0-9.-]+)~(\d+)~(\w+)~\d+\.jsonl$/.exec(name) ?? [];
  if (host === undefined || pid === undefined || run === undefined) return undefined;
  return { host, pid: Number(pid), run };
}
