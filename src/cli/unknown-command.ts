/** A word that is no command, told as such: the default command would only say that it takes no words. */

import { nearestWord } from '../config/nearest.ts';

/** Undefined: the first word is a command, or there is none. `words`: what follows the program. */
export function unknownCommand(words: readonly string[], commands: readonly string[]): string | undefined {
  const [first] = words;
  if (first === undefined || first.startsWith('-') || commands.includes(first)) return undefined;
  const near = nearestWord(first, commands);
  const hint = near === undefined ? '' : ` Did you mean '${near}'?`;
  return `unknown command '${first}'.${hint} \`sluice --help\` lists them.`;
}
