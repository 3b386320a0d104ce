/**
 * Reads an object or a list as programs print it into their logs: JSON, Python's `{'a': None}`, or the console's
 * `{ a: undefined }`. Strings keep what their escapes mean. Nothing is evaluated, and strange text gives undefined.
 */

export type Literal = { readonly value: unknown; readonly end: number };

const DEEPEST = 64;
/** Characters looked at for one input, failed readings included: a hostile text may not cost more. */
const BUDGET = 16_000_000;

const WORDS: Readonly<Record<string, unknown>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  null: null,
  None: null,
  undefined: null,
  NaN: null,
};

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '0': '\0' };

const CLOSERS: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' };

/** What is no literal, told apart from every value. */
const FAILED: unique symbol = Symbol('no literal');

export type LiteralReader = {
  /** The object or list that opens at `at`. */
  readonly read: (at: number) => Literal | undefined;
};

export function createLiteralReader(text: string): LiteralReader {
  let left = BUDGET;
  let at = 0;

  const skipSpace = (): void => {
    while (/\s/.test(text[at] ?? '')) at++;
  };

  const readString = (quote: string): string | typeof FAILED => {
    let result = '';
    at++;
    for (let start = at; at < text.length && left > 0; at++, left--) {
      const letter = text[at];
      if (letter !== quote && letter !== '\\') continue;
      result += text.slice(start, at);
      if (letter === quote) {
        at++;
        return result;
      }
      at++;
      const escaped = text[at] ?? '';
      const digits = escaped === 'u' ? 4 : escaped === 'x' ? 2 : 0;
      const code = text.slice(at + 1, at + 1 + digits);
      if (digits > 0 && /^[0-9a-f]+$/i.test(code) && code.length === digits) {
        result += String.fromCharCode(Number.parseInt(code, 16));
        at += digits;
      } else result += ESCAPES[escaped] ?? escaped;
      start = at + 1;
    }
    return FAILED;
  };

  const readWord = (): string => {
    const word = /^[\w.$+-]{1,64}/.exec(text.slice(at, at + 64))?.[0] ?? '';
    at += word.length;
    left -= word.length;
    return word;
  };

  const isQuote = (letter: string | undefined): letter is string => letter === '"' || letter === "'";

  const readValue = (depth: number): unknown => {
    skipSpace();
    left--;
    if (depth > DEEPEST || left <= 0) return FAILED;
    const first = text[at];
    if (first === '{') return readObject(depth);
    if (first === '[' || first === '(') return readList(depth);
    if (isQuote(first)) return readString(first);
    const word = readWord();
    if (word === '') return FAILED;
    if ((word === 'b' || word === 'u') && isQuote(text[at])) return readString(text[at] ?? '');
    if (Object.hasOwn(WORDS, word)) return WORDS[word];
    if (/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(word)) return Number(word);
    // `Headers { … }`, `Symbol(x)`
    skipSpace();
    return text[at] === '{' ? readObject(depth) : text[at] === '(' ? readList(depth) : word;
  };

  /** What stands between the opening sign and its closing one, separated by commas. */
  const readItems = (readItem: () => boolean): boolean => {
    const closer = CLOSERS[text[at] ?? ''];
    at++;
    for (;;) {
      skipSpace();
      if (text[at] === closer) {
        at++;
        return true;
      }
      if (!readItem()) return false;
      skipSpace();
      if (text[at] === ',') at++;
      else if (text[at] !== closer) return false;
    }
  };

  const readObject = (depth: number): unknown => {
    const entries: [string, unknown][] = [];
    const whole = readItems(() => {
      const quote = text[at];
      const name = isQuote(quote) ? readString(quote) : readWord();
      skipSpace();
      if (typeof name !== 'string' || text[at] !== ':') return false;
      at++;
      const value = readValue(depth + 1);
      entries.push([name, value]);
      return value !== FAILED;
    });
    return whole ? Object.fromEntries(entries) : FAILED;
  };

  const readList = (depth: number): unknown => {
    const items: unknown[] = [];
    const whole = readItems(() => items.push(readValue(depth + 1)) > 0 && items.at(-1) !== FAILED);
    return whole ? items : FAILED;
  };

  return {
    read(from) {
      at = from;
      const value = readValue(0);
      return value === FAILED || typeof value !== 'object' || value === null ? undefined : { value, end: at };
    },
  };
}
