/**
 * Tells when the configuration file has changed. The folder is watched, not the file: editors replace the file by
 * renaming, and Kubernetes turns a symbolic link beside it. Whatever the folder reports, only a changed content
 * counts, looked at once the reports have stopped for a moment.
 */

import { watch as watchFolder } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Cancel, Clock } from '../base/clock.ts';

/** Watches one folder. Calls `changed` on any report, also when the watching itself failed. */
export type WatchFolder = (folder: string, changed: () => void) => { close(): void };

export type WatchOptions = {
  readonly path: string;
  /** The file has a new content. What it throws is not caught. */
  readonly onChange: () => void;
  readonly clock: Clock;
  /** Quiet time before the file is looked at. */
  readonly debounceMs?: number;
  readonly watch?: WatchFolder;
};

export function watchConfig({
  path,
  onChange,
  clock,
  debounceMs = 200,
  watch = watchWithNode,
}: WatchOptions) {
  const file = resolve(path);
  const watchers = new Map<string, { close(): void }>();
  let cancel: Cancel | undefined;
  let closed = false;
  let content: string | undefined;

  const later = (): void => {
    cancel?.();
    if (!closed) cancel = clock.after(debounceMs, () => void look());
  };

  /** Reads the file and compares. Missing for a moment is no change: its return will be reported. */
  async function look(): Promise<void> {
    const found = await readFile(file, 'utf8').catch(() => undefined);
    await follow();
    if (closed || found === undefined || found === content) return;
    const first = content === undefined;
    content = found;
    if (!first) onChange();
  }

  /** The folder of the name, and the folder a symbolic link leads to, which may be another one by now. */
  async function follow(): Promise<void> {
    const target = await realpath(file).catch(() => file);
    const wanted = new Set([dirname(file), dirname(target)]);
    if (closed) return;
    for (const [folder, watcher] of watchers) {
      if (wanted.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of wanted) if (!watchers.has(folder)) watchers.set(folder, watch(folder, later));
  }

  /** Resolves when changes are being noticed. */
  const ready = follow().then(look);
  return {
    ready,
    close(): void {
      closed = true;
      cancel?.();
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}

const watchWithNode: WatchFolder = (folder, changed) => {
  try {
    const watcher = watchFolder(folder, { persistent: false }, changed);
    watcher.on('error', changed);
    return watcher;
  } catch {
    // No such folder, or no more watches: the configuration still loads on SIGHUP.
    return { close: () => undefined };
  }
};
