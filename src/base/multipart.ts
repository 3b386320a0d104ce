/**
 * Finds the parts of a `multipart/form-data` body as it passes by, cut anywhere: where each value stands, and the values
 * of short ones. Nothing else is kept. Strict where readers disagree, for two that read one form differently can be
 * played against each other.
 * Sources: https://www.rfc-editor.org/rfc/rfc7578 , https://www.rfc-editor.org/rfc/rfc2046#section-5.1
 */

export type FormPart = {
  readonly name: string;
  /** Only a file has one. */
  readonly filename?: string;
  /** Where the value stands in the body. */
  readonly start: number;
  readonly end: number;
  /** Undefined for a file and for what is too long. */
  readonly value?: string;
};

export class MultipartError extends Error {
  override readonly name = 'MultipartError';
}

const MOST_PARTS = 1_000;
const LONGEST_HEAD_BYTES = 8 * 1024;
/** A prompt for a picture has up to 32,000 letters: https://platform.openai.com/docs/api-reference/images/createEdit */
const LONGEST_VALUE_BYTES = 128 * 1024;
/** Of all values of a form. */
const MOST_KEPT_BYTES = 1024 * 1024;

/** https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1 */
const BOUNDARY = /^[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]$/;

/** Undefined where it is not `multipart/form-data`. Throws `MultipartError` where it is and names no usable boundary. */
export function boundaryOf(contentType: string): string | undefined {
  if (!/^multipart\/form-data\s*(;|$)/i.test(contentType)) return undefined;
  const found = [...contentType.matchAll(/;\s*boundary=(?:"([^"]*)"|([^;\s"]+))/gi)];
  const boundary = found[0]?.[1] ?? found[0]?.[2];
  if (
    found.length !== 1 ||
    /;\s*boundary\s*\*/i.test(contentType) ||
    boundary === undefined ||
    !BOUNDARY.test(boundary)
  )
    throw new MultipartError('content-type: expected one boundary, as in multipart/form-data; boundary=…');
  return boundary;
}

type State = 'preamble' | 'after-delimiter' | 'head' | 'value' | 'epilogue';

const CRLF = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');
const NOTHING = Buffer.alloc(0);

export class MultipartScanner {
  readonly #delimiter: Buffer;
  readonly #onLong: ((bytes: Buffer) => void) | undefined;
  readonly #parts: FormPart[] = [];
  #state: State = 'preamble';
  /** What was not yet made out. The first delimiter has no line before it: one is thought there. */
  #held: Buffer = CRLF;
  /** Where the held bytes stand in the body. */
  #at = -CRLF.length;
  #head: { readonly name: string; readonly filename?: string } | undefined;
  #start = 0;
  #value: Buffer[] = [];
  #valueBytes = 0;
  /** The part under way is a file or too long to be kept. */
  #isLong = false;
  #keptBytes = 0;

  /** `onLong`: is given the bytes of all values that are not kept, files and long ones, in pieces. */
  constructor(boundary: string, onLong?: (bytes: Buffer) => void) {
    this.#onLong = onLong;
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  }

  /** The parts whose ends have been seen. */
  get parts(): readonly FormPart[] {
    return this.#parts;
  }

  /** The part under way; undefined between parts. */
  get open(): Pick<FormPart, 'name' | 'filename'> | undefined {
    return this.#head;
  }

  /** Throws `MultipartError`. */
  push(bytes: Uint8Array): void {
    this.#held = this.#held.length === 0 ? bufferOf(bytes) : Buffer.concat([this.#held, bytes]);
    while (this.#step());
  }

  /** The body is over. Throws where the form is not. */
  finish(): readonly FormPart[] {
    if (this.#state !== 'epilogue') throw new MultipartError('the form is cut: its last boundary is missing');
    return this.#parts;
  }

  /** False: more bytes are needed. */
  #step(): boolean {
    switch (this.#state) {
      case 'preamble':
      case 'value':
        return this.#untilDelimiter();
      case 'after-delimiter':
        return this.#afterDelimiter();
      case 'head':
        return this.#readHead();
      case 'epilogue':
        this.#demandBlank(this.#held);
        this.#take(this.#held.length);
        return false;
    }
  }

  #untilDelimiter(): boolean {
    const found = this.#held.indexOf(this.#delimiter);
    // The beginning of a delimiter may stand at the end.
    const length = found < 0 ? Math.max(0, this.#held.length - this.#delimiter.length + 1) : found;
    if (this.#state === 'value') this.#keep(this.#held.subarray(0, length));
    else this.#demandBlank(this.#held.subarray(0, length));
    this.#take(length);
    if (found < 0) return false;
    if (this.#state === 'value') this.#endPart();
    this.#take(this.#delimiter.length);
    this.#state = 'after-delimiter';
    return true;
  }

  #afterDelimiter(): boolean {
    if (this.#held.length < 2) return false;
    const next = this.#held.toString('latin1', 0, 2);
    if (next !== '--' && next !== '\r\n')
      throw new MultipartError('the form has something behind a boundary');
    // The line end stays: a head without any field begins with the empty line.
    if (next === '--') this.#take(2);
    this.#state = next === '--' ? 'epilogue' : 'head';
    return true;
  }

  #readHead(): boolean {
    const end = this.#held.indexOf(HEAD_END);
    if (end > LONGEST_HEAD_BYTES || (end < 0 && this.#held.length > LONGEST_HEAD_BYTES))
      throw new MultipartError('a part of the form has a head without end');
    if (end < 0) return false;
    if (this.#parts.length === MOST_PARTS)
      throw new MultipartError(`the form has more than ${MOST_PARTS} parts`);
    this.#head = headOf(this.#held.toString('utf8', 0, end));
    this.#take(end + HEAD_END.length);
    this.#start = this.#at;
    this.#value = [];
    this.#valueBytes = 0;
    this.#isLong = this.#head.filename !== undefined;
    this.#state = 'value';
    return true;
  }

  /** Around the parts: to some readers it is nothing, and others find a part in it. */
  #demandBlank(bytes: Buffer): void {
    if (!bytes.every((byte) => byte === 0x0d || byte === 0x0a || byte === 0x20))
      throw new MultipartError('the form has something before its first boundary or behind its last one');
  }

  #keep(bytes: Buffer): void {
    this.#valueBytes += bytes.length;
    this.#isLong ||=
      this.#valueBytes > LONGEST_VALUE_BYTES || this.#keptBytes + this.#valueBytes > MOST_KEPT_BYTES;
    if (!this.#isLong) {
      if (bytes.length > 0) this.#value.push(Buffer.from(bytes));
      return;
    }
    for (const piece of this.#value.splice(0)) this.#onLong?.(piece);
    this.#onLong?.(bytes);
  }

  #endPart(): void {
    if (this.#head === undefined) return;
    if (!this.#isLong) this.#keptBytes += this.#valueBytes;
    this.#parts.push({
      ...this.#head,
      start: this.#start,
      end: this.#at,
      ...(this.#isLong ? {} : { value: Buffer.concat(this.#value).toString('utf8') }),
    });
    this.#head = undefined;
  }

  #take(length: number): void {
    this.#at += length;
    this.#held = length === this.#held.length ? NOTHING : this.#held.subarray(length);
  }
}

const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const DISPOSITION =
  /^content-disposition:[ \t]*form-data[ \t]*((?:;[ \t]*[\w-]+\*?=(?:"(?:[^"\\]|\\.)*"|[^\s;"]*)[ \t]*)*)$/i;
const PARAMETER = /;[ \t]*([\w-]+\*?)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g;

/** Throws where the name is missing, stands twice or is written in a way that readers take differently. */
function headOf(head: string): { readonly name: string; readonly filename?: string } {
  const lines = head.split('\r\n').filter((line) => /^content-disposition[ \t]*:/i.test(line));
  const written = lines.length === 1 ? DISPOSITION.exec(lines[0] ?? '')?.[1] : undefined;
  // A line end of one byte, a folded line and a zero are taken differently.
  if (written === undefined || /\r\n[ \t]|(?<!\r)\n|\r(?!\n)|\0/.test(head)) throw unreadable();
  let name: string | undefined;
  let filename: string | undefined;
  for (const [, parameter = '', quoted, token] of written.matchAll(PARAMETER)) {
    const value = quoted === undefined ? (token ?? '') : unquoted(quoted);
    if (/^name/i.test(parameter)) {
      if (name !== undefined || parameter.toLowerCase() !== 'name') throw unreadable();
      name = value;
    } else if (/^filename\*?$/i.test(parameter)) filename = value;
  }
  if (name === undefined) throw unreadable();
  return filename === undefined ? { name } : { name, filename };
}

/** Browsers and most libraries write a quote as `%22`; some with a backslash. */
const unquoted = (text: string): string => text.replace(/\\(["\\])/g, '$1').replace(/%22/g, '"');

const unreadable = (): MultipartError =>
  new MultipartError('a part of the form is not named as in: content-disposition: form-data; name="…"');
