/**
 * Tells when a JSON object that comes in pieces is whole, reading each character once. It is not checked otherwise: whoever
 * uses the object still reads it.
 */

export class WholeObject {
  #text = '';
  #depth = 0;
  #inString = false;
  #escaped = false;
  #closed = false;

  get text(): string {
    return this.#text;
  }

  get isWhole(): boolean {
    return this.#closed;
  }

  add(piece: string): void {
    this.#text += piece;
    for (const sign of piece.matchAll(/["\\{}[\]]|[^"\\{}[\]]+/g)) this.#read(sign[0]);
  }

  #read(sign: string): void {
    if (this.#inString) {
      const wasEscaped = this.#escaped;
      // Of several characters only the first is escaped.
      this.#escaped = sign === '\\' && !wasEscaped;
      if (sign === '"' && !wasEscaped) this.#inString = false;
    } else if (sign === '"') this.#inString = true;
    else if (sign === '{' || sign === '[') this.#depth += 1;
    else if (sign === '}' || sign === ']') {
      this.#depth -= 1;
      if (this.#depth === 0) this.#closed = true;
    }
  }
}
