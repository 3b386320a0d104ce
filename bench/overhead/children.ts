/**
 * The processes a run starts. Forked ones speak JSON with us and leave when we do; spawned ones write to a log. All of
 * them are ended by one call, and killed outright: none has anything to save.
 */

import { type ChildProcess, fork, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A process of ours that listens on `port` and answers one message with one message. */
export type Companion = { readonly pid: number; readonly port: number; ask<T>(message: object): Promise<T> };

/** A program that knows nothing of us. */
export type Program = { readonly pid: number; ended(): string | undefined; stop(): void };

export type Children = ReturnType<typeof createChildren>;

const LONGEST_ANSWER_MS = 60_000;

export function createChildren() {
  const running = new Set<ChildProcess>();

  function keep(child: ChildProcess): ChildProcess {
    running.add(child);
    child.once('exit', () => running.delete(child));
    return child;
  }

  return {
    /** Starts a file of this folder and waits for the port it tells. */
    async companion(file: string, ...parameters: string[]): Promise<Companion> {
      const child = keep(fork(fileURLToPath(new URL(file, import.meta.url)), parameters));
      const { port } = (await next(child, file)) as { port: number };
      return {
        pid: child.pid ?? 0,
        port,
        async ask<T>(message: object): Promise<T> {
          child.send(message);
          const reply = (await next(child, file)) as { answer: T } | { error: string };
          if ('error' in reply) throw new Error(`${file}: ${reply.error}`);
          return reply.answer;
        },
      };
    },

    /** Starts a program with its output in `logPath`. */
    program(command: string, parameters: readonly string[], logPath: string): Program {
      const log = openSync(logPath, 'w');
      const child = keep(spawn(command, parameters, { stdio: ['ignore', log, log] }));
      closeSync(log);
      let end: string | undefined;
      child.once('error', (error) => {
        end = error.message;
        running.delete(child);
      });
      child.once('exit', (code, signal) => {
        end ??= `ended with ${code ?? signal}`;
      });
      return { pid: child.pid ?? 0, ended: () => end, stop: () => child.kill('SIGKILL') };
    },

    endAll(): void {
      for (const child of running) child.kill('SIGKILL');
    },
  };
}

/** The next message of a child, an error once it ends without one or takes too long. */
function next(child: ChildProcess, name: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onExit).off('error', onError);
      act();
    };
    const onMessage = (message: unknown): void => settle(() => resolve(message));
    const onExit = (): void => settle(() => reject(new Error(`${name} ended before it answered`)));
    const onError = (error: Error): void => settle(() => reject(error));
    const timer = setTimeout(
      () => settle(() => reject(new Error(`${name} has not answered for ${LONGEST_ANSWER_MS / 1000} s`))),
      LONGEST_ANSWER_MS,
    );
    child.on('message', onMessage).on('exit', onExit).on('error', onError);
  });
}
