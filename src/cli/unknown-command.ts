/** A word that is no command, told as such: the default command would only say that it takes no words. */

import { nearestWord } from '../config/nearest.ts';

/** A command by its name, with those below it, and whether it takes other words itself. */
export type CommandName = {
  readonly name: string;
  readonly commands?: readonly string[];
  readonly takesWords?: boolean;
};

/** Undefined: the first words are commands, or there are none. `words`: what follows the program. */
export function unknownCommand(
  words: readonly string[],
  commands: readonly CommandName[],
): string | undefined {
  const [first, second] = words;
  if (first === undefined || first.startsWith('-')) return undefined;
  const command = commands.find(({ name }) => name === first);
  if (command === undefined)
    return told(
      first,
      commands.map(({ name }) => name),
    );
  const { commands: below = [], takesWords = false } = command;
  if (below.length === 0 || takesWords || second === undefined || second.startsWith('-')) return undefined;
  return below.includes(second) ? undefined : told(second, below, first);
}

function told(word: string, known: readonly string[], group?: string): string {
  const before = group === undefined ? '' : `${group} `;
  const near = nearestWord(word, known);
  const hint = near === undefined ? '' : ` Did you mean '${before}${near}'?`;
  return `unknown command '${before}${word}'.${hint} \`sluice ${before}--help\` lists them.`;
}
