/** One line that changes on a terminal, a plain line each elsewhere; notes stay. */

import type { WriteStream } from 'node:tty';

export type Progress = ReturnType<typeof createProgress>;

const CLEAR_LINE = '\r\u001b[K';

export function createProgress(stream: Pick<WriteStream, 'write' | 'isTTY'>) {
  const clear = (): void => {
    if (stream.isTTY) stream.write(CLEAR_LINE);
  };
  return {
    clear,
    show(text: string): void {
      stream.write(stream.isTTY ? `${CLEAR_LINE}${text} …` : `${text}\n`);
    },
    note(text: string): void {
      clear();
      stream.write(`${text}\n`);
    },
  };
}
