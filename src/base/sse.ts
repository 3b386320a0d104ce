/**
 * Server-sent events at the byte level: a splitter that cuts a stream into whole events wherever the network cut
 * it, and a reader of one event's fields. Bytes stay bytes until an event is whole, so no character is ever split.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */

const LF = 10;
const CR = 13;

/** An event larger than this is an attack or a fault, not an answer. */
const DEFAULT_LIMIT_BYTES = 16 * 1024 * 1024;

export class SseSplitter {
  readonly #limitBytes: number;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #lineIsEmpty = true;
  #afterCarriageReturn = false;
  /** The last line ended in CRLF: the LF of the blank line's CR belongs to the event and is waited for. */
  #linesEndInBoth = false;
  #awaitsLineFeed = false;

  constructor(limitBytes = DEFAULT_LIMIT_BYTES) {
    this.#limitBytes = limitBytes;
  }

  /**
   * The events that these bytes complete, each with its terminating blank line: joined, they are the stream.
   * How the bytes were cut makes no difference. Throws `RangeError` when an event outgrows the limit.
   */
  push(bytes: Buffer): Buffer[] {
    if (this.#isWholeEvent(bytes)) {
      this.#linesEndInBoth = false;
      return [bytes];
    }
    const events: Buffer[] = [];
    let start = 0;
    let lineIsEmpty = this.#lineIsEmpty;
    let afterCarriageReturn = this.#afterCarriageReturn;
    let linesEndInBoth = this.#linesEndInBoth;
    let awaitsLineFeed = this.#awaitsLineFeed;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i];
      if (awaitsLineFeed) {
        const end = byte === LF ? i + 1 : i;
        events.push(this.#release(bytes.subarray(start, end)));
        start = end;
        awaitsLineFeed = false;
      }
      if (byte !== LF && byte !== CR) {
        lineIsEmpty = false;
        afterCarriageReturn = false;
        continue;
      }
      if (byte === LF && afterCarriageReturn) {
        afterCarriageReturn = false;
        linesEndInBoth = true;
        continue;
      }
      afterCarriageReturn = byte === CR;
      if (lineIsEmpty) {
        if (byte === CR && linesEndInBoth) awaitsLineFeed = true;
        else {
          events.push(this.#release(bytes.subarray(start, i + 1)));
          start = i + 1;
        }
      }
      linesEndInBoth = false;
      lineIsEmpty = true;
    }
    this.#lineIsEmpty = lineIsEmpty;
    this.#afterCarriageReturn = afterCarriageReturn;
    this.#linesEndInBoth = linesEndInBoth;
    this.#awaitsLineFeed = awaitsLineFeed;
    if (start < bytes.length) this.#hold(start === 0 ? bytes : bytes.subarray(start));
    return events;
  }

  /** The common case: nothing is held, and the bytes are one line, a line feed, and a blank line. */
  #isWholeEvent(bytes: Buffer): boolean {
    const end = bytes.length - 2;
    return (
      bytes[end] === LF &&
      bytes[end + 1] === LF &&
      this.#heldBytes === 0 &&
      this.#lineIsEmpty &&
      !this.#afterCarriageReturn &&
      !this.#awaitsLineFeed &&
      bytes.length <= this.#limitBytes &&
      bytes.indexOf(LF) === end &&
      end > 0 &&
      !bytes.includes(CR)
    );
  }

  /** What came after the last whole event: by the standard not an event, but some upstreams forget the last newline. */
  finish(): Buffer | undefined {
    return this.#heldBytes === 0 ? undefined : this.#release(Buffer.alloc(0));
  }

  #hold(bytes: Buffer): void {
    this.#heldBytes += bytes.length;
    this.#checkSize(this.#heldBytes);
    this.#held.push(bytes);
  }

  #checkSize(size: number): void {
    if (size > this.#limitBytes) throw new RangeError(`event larger than ${this.#limitBytes} bytes`);
  }

  #release(last: Buffer): Buffer {
    this.#checkSize(this.#heldBytes + last.length);
    if (this.#heldBytes === 0) return last;
    const whole = Buffer.concat([...this.#held, last], this.#heldBytes + last.length);
    this.#held = [];
    this.#heldBytes = 0;
    return whole;
  }
}

export type SseEvent = {
  /** The `event:` field, '' when absent. */
  readonly name: string;
  /** The `data:` lines joined by newlines; undefined when there was none (a comment, a blank line). */
  readonly data: string | undefined;
  /** The comment lines without their colon. */
  readonly comments: readonly string[];
};

const NO_COMMENTS: readonly string[] = [];

/** Reads one event as the splitter cut it. LF, CRLF and CR; the space after the colon is optional. */
export function readSseEvent(frame: Buffer): SseEvent {
  const single = readSingleDataLine(frame);
  if (single !== undefined) return { name: '', data: single, comments: NO_COMMENTS };
  const named = readNamedDataLine(frame);
  if (named !== undefined) return named;
  let name = '';
  let data: string | undefined;
  const comments: string[] = [];
  for (const line of frame
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)) {
    if (line === '') continue;
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === '') comments.push(value);
    else if (field === 'data') data = data === undefined ? value : `${data}\n${value}`;
    else if (field === 'event') name = value;
  }
  return { name, data, comments };
}

/** The common case without splitting into lines: `data: …` LF LF. */
function readSingleDataLine(frame: Buffer): string | undefined {
  const end = frame.length - 2;
  if (end < 5 || frame[end] !== LF || frame[end + 1] !== LF) return undefined;
  if (frame[0] !== 0x64 || frame[1] !== 0x61 || frame[2] !== 0x74 || frame[3] !== 0x61 || frame[4] !== 0x3a)
    return undefined;
  const text = frame.toString('utf8', frame[5] === 0x20 ? 6 : 5, end);
  return text.includes('\n') || text.includes('\r') ? undefined : text;
}

const EVENT = Buffer.from('event:');

/** The other common case: `event: …` LF `data: …` LF LF. */
function readNamedDataLine(frame: Buffer): SseEvent | undefined {
  if (frame.length < EVENT.length || EVENT.compare(frame, 0, EVENT.length) !== 0) return undefined;
  const lineEnd = frame.indexOf(LF);
  const data = readSingleDataLine(frame.subarray(lineEnd + 1));
  if (data === undefined) return undefined;
  const start = frame[EVENT.length] === 0x20 ? EVENT.length + 1 : EVENT.length;
  const name = frame.toString('utf8', start, lineEnd);
  return name.includes('\r') ? undefined : { name, data, comments: NO_COMMENTS };
}

/** One event with an optional name. Each line of `data` gets a line of its own. */
export function writeSseEvent(data: string, name?: string): Buffer {
  const lines = `data: ${data.replace(/\r\n|\r|\n/g, '\ndata: ')}\n\n`;
  return Buffer.from(name === undefined ? lines : `event: ${name}\n${lines}`);
}

/** A comment that every conforming reader ignores. */
export function writeSseComment(text: string): Buffer {
  return Buffer.from(`: ${text.replace(/[\r\n]+/g, ' ')}\n\n`);
}
