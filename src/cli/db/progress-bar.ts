/** How far something is, on one line of a terminal; nothing elsewhere. */

import type { OnProgress } from '../../storage/backup.ts';

export type Terminal = { readonly isTTY?: boolean | undefined; write(text: string): unknown };

export type ProgressBar = { readonly show: OnProgress; clear(): void };

const WIDTH = 30;
const CLEAR_LINE = '\r\u001b[K';

export function progressBar(terminal: Terminal, what: string): ProgressBar {
  let last = '';
  const draw = (text: string): void => {
    if (terminal.isTTY !== true || text === last) return;
    last = text;
    terminal.write(text);
  };
  return {
    show(done, total) {
      const share = total === 0 ? 1 : Math.min(1, done / total);
      const full = Math.floor(share * WIDTH);
      const bar = `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)}`;
      draw(`${CLEAR_LINE}${what} ${bar} ${Math.floor(share * 100)} % of ${total} rows`);
    },
    clear: () => draw(last === '' ? '' : CLEAR_LINE),
  };
}
