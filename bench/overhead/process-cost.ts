/**
 * What a process has cost so far, read from outside: CPU of all its threads, and resident memory. Linux tells CPU in
 * nanoseconds (`schedstat`) or, without that, in ticks (`stat`); elsewhere `ps` tells hundredths of a second.
 */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** `USER_HZ` is 100 on every architecture Node runs on; it is an ABI constant, not the kernel's own tick. */
const TICK_MICROS = 10_000;

/** CPU time in microseconds, user and system, all threads. */
export function cpuMicrosOf(pid: number): number {
  return fromSchedstat(pid) ?? fromStat(pid) ?? fromPs(pid);
}

/** Resident memory in kB. */
export function residentKBOf(pid: number): number {
  const status = textOf(`/proc/${pid}/status`);
  const found = /^VmRSS:\s+(\d+) kB/m.exec(status ?? '');
  return Number(found?.[1] ?? ps(pid, 'rss'));
}

/** Threads that have ended are not in it; a proxy's worker threads live as long as it does. */
function fromSchedstat(pid: number): number | undefined {
  let nanoseconds = 0;
  for (const thread of threadsOf(pid)) {
    const text = textOf(`/proc/${pid}/task/${thread}/schedstat`);
    if (text === undefined) return undefined;
    nanoseconds += Number(text.split(' ')[0]);
  }
  return nanoseconds > 0 ? nanoseconds / 1000 : undefined;
}

function fromStat(pid: number): number | undefined {
  const text = textOf(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name, field 2, may hold blanks and brackets: count from its closing bracket, field 3. utime is 14, stime 15.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS;
}

function fromPs(pid: number): number {
  return (
    ps(pid, 'time')
      .split(':')
      .reduce((seconds, part) => seconds * 60 + Number(part), 0) * 1_000_000
  );
}

function ps(pid: number, column: 'time' | 'rss'): string {
  return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
