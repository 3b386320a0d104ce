import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { boundaryOf, type FormPart, MultipartError, MultipartScanner } from './multipart.ts';

const BOUNDARY = 'x-boundary';

type Wanted = { readonly name: string; readonly filename?: string; readonly value: string };

const formOf = (parts: readonly Wanted[]): Buffer =>
  Buffer.from(
    `${parts
      .map(
        ({ name, filename, value }) =>
          `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"` +
          `${filename === undefined ? '' : `; filename="${filename}"\r\nContent-Type: audio/wav`}\r\n\r\n${value}\r\n`,
      )
      .join('')}--${BOUNDARY}--\r\n`,
  );

function scanned(form: Buffer, cuts: readonly number[] = []): readonly FormPart[] {
  const scanner = new MultipartScanner(BOUNDARY);
  let at = 0;
  for (const cut of [...cuts.toSorted((a, b) => a - b), form.length]) {
    scanner.push(form.subarray(at, cut));
    at = cut;
  }
  return scanner.finish();
}

const PARTS: readonly Wanted[] = [
  { name: 'file', filename: 'a.wav', value: `RIFF\r\n--x-bound\r\n\0\r\n${'-'.repeat(50)}` },
  { name: 'model', value: 'whisper-1' },
  { name: 'empty', value: '' },
  { name: 'long', value: 'x'.repeat(140_000) },
];

test('parts are found with their places, and the values of short ones', () => {
  const form = formOf(PARTS);
  const parts = scanned(form);
  assert.deepEqual(
    parts.map(({ name, filename, value }) => ({ name, filename, value })),
    [
      { name: 'file', filename: 'a.wav', value: undefined },
      { name: 'model', filename: undefined, value: 'whisper-1' },
      { name: 'empty', filename: undefined, value: '' },
      { name: 'long', filename: undefined, value: undefined },
    ],
  );
  for (const [i, { start, end }] of parts.entries())
    assert.equal(form.toString('utf8', start, end), PARTS[i]?.value);
});

test('of many long values only so much is kept, and of what is not each byte is told', () => {
  const told: Buffer[] = [];
  const scanner = new MultipartScanner(BOUNDARY, (bytes) => told.push(Buffer.from(bytes)));
  const value = 'y'.repeat(120_000);
  const form = formOf([...Array.from({ length: 10 }, (_, i) => ({ name: `f${i}`, value })), ...PARTS]);
  for (let at = 0; at < form.length; at += 50_000) scanner.push(form.subarray(at, at + 50_000));
  const parts = scanner.finish();
  const isKept = (part: FormPart): boolean => part.value !== undefined;
  assert.deepEqual(parts.slice(0, 10).map(isKept), [...Array<boolean>(8).fill(true), false, false]);
  assert.deepEqual(parts.slice(10).map(isKept), [false, true, true, false]);
  assert.equal(
    Buffer.concat(told).toString(),
    value + value + (PARTS[0]?.value ?? '') + (PARTS[3]?.value ?? ''),
  );
});

test('a form cut at every byte reads the same', () => {
  const form = formOf(PARTS.slice(0, 3));
  const whole = scanned(form);
  for (let cut = 0; cut <= form.length; cut++) assert.deepEqual(scanned(form, [cut]), whole, `cut at ${cut}`);
  assert.deepEqual(
    scanned(
      form,
      Array.from(form, (_byte, i) => i),
    ),
    whole,
  );
});

test('any values and any cuts give the places of what was written', () => {
  const part = fc.record(
    {
      name: fc.stringMatching(/^[a-z_[\]]{1,12}$/),
      filename: fc.stringMatching(/^[\w. -]{0,12}$/),
      value: fc.string({ unit: fc.constantFrom('\r', '\n', '-', 'x', '\r\n--x-', 'ü'), maxLength: 40 }),
    },
    { requiredKeys: ['name', 'value'] },
  );
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 5 }),
      fc.array(fc.nat(600), { maxLength: 6 }),
      (parts, cuts) => {
        const form = formOf(parts);
        fc.pre(!parts.some(({ value }) => `\r\n${value}\r\n`.includes(`\r\n--${BOUNDARY}`)));
        const found = scanned(
          form,
          cuts.map((cut) => Math.min(cut, form.length)),
        );
        assert.deepEqual(
          found.map(({ name, start, end }) => [name, form.toString('utf8', start, end)]),
          parts.map(({ name, value }) => [name, value]),
        );
      },
    ),
  );
});

test('the name of the part under way is known before its end', () => {
  const scanner = new MultipartScanner(BOUNDARY);
  scanner.push(formOf(PARTS).subarray(0, 120));
  assert.deepEqual(scanner.open, { name: 'file', filename: 'a.wav' });
  assert.deepEqual(scanner.parts, []);
});

test('what readers could take differently is refused', () => {
  const head = (text: string): Buffer => Buffer.from(`--${BOUNDARY}\r\n${text}\r\n\r\nv\r\n--${BOUNDARY}--`);
  const disposition = 'Content-Disposition: form-data; name="a"';
  for (const wrong of [
    'Content-Type: text/plain',
    'Content-Disposition: form-data',
    'Content-Disposition: attachment; name="a"',
    `${disposition}; name="b"`,
    `${disposition}; name*=utf-8''b`,
    `${disposition}\r\n${disposition}`,
    'Content-Disposition: form-data;\r\n name="a"',
    'Content-Disposition: form-data; name="a',
    `X: 1\nContent-Disposition: form-data; name="model"\r\n${disposition}`,
    `X: 1\rContent-Disposition: form-data; name="model"\r\n${disposition}`,
    `X: 1\0\r\n${disposition}`,
  ])
    assert.throws(() => scanned(head(wrong)), MultipartError, wrong);
  assert.equal(scanned(head('content-disposition:form-data;name=a'))[0]?.name, 'a');
  assert.equal(
    scanned(head('Content-Disposition: form-data; name="a%22\\"b"; filename=""'))[0]?.name,
    'a""b',
  );
});

test('a form that is cut, has rubbish behind a boundary or no end of heads is an error', () => {
  const form = formOf(PARTS);
  for (const cut of [0, 10, 80, form.length - 6]) assert.throws(() => scanned(form.subarray(0, cut)), /cut/);
  assert.throws(() => scanned(Buffer.from(`--${BOUNDARY}x\r\n`)), /behind a boundary/);
  assert.throws(() => scanned(Buffer.from(`--${BOUNDARY}\r\n${'a'.repeat(9_000)}`)), /head without end/);
  const many = formOf(Array.from({ length: 1_001 }, () => ({ name: 'a', value: '' })));
  assert.throws(() => scanned(many), /more than 1000 parts/);
});

test('around its parts a form has nothing that could be taken for one', () => {
  const form = formOf(PARTS.slice(1, 3)).toString();
  const hidden = form.replaceAll('whisper-1', 'other').replaceAll('\r\n--', '\n--');
  for (const wrong of [`\n${hidden}${form}`, `x\r\n${form}`, `${form}x`, `${form}${form}`])
    assert.throws(() => scanned(Buffer.from(wrong)), MultipartError);
  assert.deepEqual(scanned(Buffer.from(`\r\n${form}\r\n`)).length, 2);
});

test('the boundary is read from the content type, quoted or not', () => {
  assert.equal(boundaryOf('multipart/form-data; boundary=abc'), 'abc');
  assert.equal(boundaryOf('Multipart/Form-Data; charset=utf-8; Boundary="a b:c"'), 'a b:c');
  assert.equal(boundaryOf('application/json'), undefined);
  assert.equal(boundaryOf('multipart/form-data-like; boundary=a'), undefined);
  for (const wrong of [
    '',
    '; boundary=',
    '; boundary="a"; boundary=b',
    "; boundary=a; boundary*=utf-8''b",
    '; boundary=a; boundary*0=b',
    '; boundary="a\u00ff"',
    `; boundary=${'a'.repeat(71)}`,
  ])
    assert.throws(() => boundaryOf(`multipart/form-data${wrong}`), MultipartError, wrong);
});
