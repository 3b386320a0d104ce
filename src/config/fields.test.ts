import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { z } from 'zod';
import {
  addressBlock,
  amount,
  duration,
  flag,
  identifier,
  limit,
  moment,
  name,
  positiveNumber,
  secret,
  switchedDuration,
  text,
  url,
  webhookSecret,
  webhookUrl,
  wholeNumber,
  word,
} from './fields.ts';

const read = (field: z.ZodType, value: unknown): unknown => field.safeParse(value).data;
const WRONG = [undefined, null, {}, [], '', 'x y\n', Number.NaN, Infinity, -1];

type Case = {
  readonly field: z.ZodType;
  readonly right: readonly (readonly [unknown, unknown])[];
  readonly wrong: readonly unknown[];
};

const signing = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 0xfb).toString('base64')}`;

const CASES: Readonly<Record<string, Case>> = {
  'an amount of money': {
    field: amount(),
    right: [
      [1.25, '1.25'],
      ['0.000000001', '0.000000001'],
      [0, '0'],
    ],
    wrong: ['1.', '.5', '1e3', 1e-7, '0.0000000001', '1,5', true],
  },
  'a text': { field: text(), right: [['a b', 'a b']], wrong: [' a', 'a ', 5, true] },
  'an identifier': {
    field: identifier(),
    right: [['qwen-a.1_b', 'qwen-a.1_b']],
    wrong: ['a/b', '-a', 'ä', 5],
  },
  'a secret': {
    field: secret(4, 'four'),
    right: [['sk-1', 'sk-1']],
    wrong: ['abc', 'a bcd', 'abc\nd', 'schlüssel', 12345],
  },
  'an address': {
    field: url(),
    right: [
      ['https://host/v1/', 'https://host/v1'],
      ['http://127.0.0.1:9100', 'http://127.0.0.1:9100'],
    ],
    wrong: ['host/v1', 'ftp://host', 'https://', 5],
  },
  'the secret of a webhook': {
    field: webhookSecret(),
    right: [24, 25, 26, 64].map((bytes) => [signing(bytes), signing(bytes)] as const),
    wrong: [
      ...[signing(23), signing(65), signing(24).slice('whsec_'.length), signing(24).replace('whsec', 'whpk')],
      ...[signing(25).replace(/=+$/, ''), `${signing(24)}\n`, `whsec_${'-_'.repeat(16)}`, 'whsec_', 5],
    ],
  },
  'the address of a webhook': {
    field: webhookUrl(),
    right: [
      ['https://host/hook/', 'https://host/hook/'],
      ['http://127.0.0.1:9/a?token=b', 'http://127.0.0.1:9/a?token=b'],
    ],
    wrong: [
      'host/hook',
      'ftp://host',
      'file:///a',
      'https://',
      'https://me:pass@host/',
      'https://me@host',
      5,
    ],
  },
  'a word': { field: word('colour', ['red', 'blue']), right: [['red', 'red']], wrong: ['Red', 'green', 1] },
  'a known name': {
    field: name('strategy', ['weighted']),
    right: [['weighted', 'weighted']],
    wrong: ['other'],
  },
  'an unknown name': { field: name('strategy', undefined), right: [['other', 'other']], wrong: [5] },
  'a duration with a switch': {
    field: switchedDuration({ onMs: 30_000, minMs: 3_000, maxMs: 120_000 }),
    right: [
      ['off', 'off'],
      ['on', 30_000],
      ['3s', 3_000],
      [120, 120_000],
    ],
    wrong: ['2999ms', '121s', 0, 'On', true],
  },
  'a whole number': {
    field: wholeNumber({ min: 1, max: 9 }),
    right: [
      [1, 1],
      ['9', 9],
    ],
    wrong: [0, 10, 1.5, '1.5', '0x1', '1e0', true],
  },
  'a positive number': {
    field: positiveNumber(),
    right: [
      [0.5, 0.5],
      ['2.5', 2.5],
    ],
    wrong: [0, '0', '-1', 'off'],
  },
  'a limit': {
    field: limit(),
    right: [
      [600, 600],
      ['600', 600],
      ['off', 'off'],
    ],
    wrong: [0, 'on', false],
  },
  'a switch': {
    field: flag(),
    right: [
      [true, true],
      ['false', false],
      [false, false],
    ],
    wrong: ['yes', 1, 0],
  },
  'a duration': {
    field: duration(),
    right: [
      ['5s', 5_000],
      [2, 2_000],
    ],
    wrong: [0, '0s', 'soon'],
  },
  'a moment': {
    field: moment(),
    right: [
      ['2027-01-31', Date.UTC(2027, 0, 31)],
      ['2027-01-31T18:00Z', Date.UTC(2027, 0, 31, 18)],
      ['2027-01-31T18:00:00.5+02:00', Date.UTC(2027, 0, 31, 16, 0, 0, 500)],
      ['2028-02-29', Date.UTC(2028, 1, 29)],
    ],
    wrong: ['2027-02-31', '2027-13-01', '2027-01-31T18:00', '31.1.2027', 'tomorrow', 1_800_000_000, ''],
  },
  'an address or a block of them': {
    field: addressBlock(),
    right: [
      ['10.0.0.0/8', '10.0.0.0/8'],
      ['2001:db8::1', '2001:db8::1'],
    ],
    wrong: ['10.0.0.0/33', 'host.example', '', 10],
  },
  'a duration that may be none': {
    field: duration(0),
    right: [
      [0, 0],
      ['0s', 0],
    ],
    wrong: ['soon'],
  },
};

describe('a field', () => {
  for (const [name, { field, right, wrong }] of Object.entries(CASES)) {
    it(`that is ${name} reads what is one, and nothing else`, () => {
      for (const [value, result] of right) assert.deepEqual(read(field, value), result, String(value));
      for (const value of [...wrong, ...WRONG]) {
        assert.equal(field.safeParse(value).success, false, `${typeof value} ${String(value)}`);
      }
    });

    it(`that is ${name} says what it expects`, () => {
      const [issue] = field.safeParse(undefined).error?.issues ?? [];
      assert.equal(issue?.code, 'custom');
      assert.ok((issue?.message ?? '').length > 3);
    });
  }
});
