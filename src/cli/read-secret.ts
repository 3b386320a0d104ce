/**
 * Secrets come in by a variable or by standard input, not as an argument: arguments stand in the shell's history and in
 * the list of processes. On a terminal they are asked for and not shown.
 */

import type { ReadStream } from 'node:tty';

export type SecretDoors = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** All of standard input; on a terminal one line, after the question, without an echo. */
  readInput(question: string): Promise<string>;
};

/** Throws where the variable is not set, or nothing came. `variable` undefined: standard input. */
export async function secretFrom(
  { env, readInput }: SecretDoors,
  { variable, question }: { readonly variable: string | undefined; readonly question: string },
): Promise<string> {
  const text = variable === undefined ? await readInput(question) : env[variable];
  const secret = text?.trim() ?? '';
  if (secret !== '') return secret;
  throw new Error(
    variable === undefined
      ? 'no secret came by standard input: pipe it in, or name a variable with --env'
      : `the environment variable ${variable} is not set (or empty)`,
  );
}

const ENTER = /[\r\n]/;
const INTERRUPT = '\u0003';
const ERASE = /[\b\u007f]/;

type Terminal = Pick<ReadStream, 'setRawMode' | 'isTTY' | 'resume' | 'pause' | 'setEncoding' | 'on' | 'off'>;

export function readInput(
  question: string,
  {
    input,
    write,
  }: { readonly input: Terminal & AsyncIterable<unknown>; readonly write: (text: string) => void },
): Promise<string> {
  return input.isTTY === true ? readHidden(question, { input, write }) : readWhole(input);
}

async function readWhole(input: AsyncIterable<unknown>): Promise<string> {
  const parts: string[] = [];
  for await (const part of input) parts.push(String(part));
  return parts.join('');
}

function readHidden(
  question: string,
  { input, write }: { readonly input: Terminal; readonly write: (text: string) => void },
): Promise<string> {
  write(question);
  input.setRawMode(true);
  input.setEncoding('utf8');
  input.resume();
  let text = '';
  return new Promise((resolve, reject) => {
    const end = (): void => {
      input.off('data', take);
      input.setRawMode(false);
      input.pause();
      write('\n');
    };
    const take = (chunk: string): void => {
      for (const character of chunk) {
        if (character === INTERRUPT) {
          end();
          reject(new Error('interrupted'));
          return;
        }
        if (ENTER.test(character)) {
          end();
          resolve(text);
          return;
        }
        text = ERASE.test(character) ? text.slice(0, -1) : text + character;
      }
    };
    input.on('data', take);
  });
}
