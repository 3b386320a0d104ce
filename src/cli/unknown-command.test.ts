import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unknownCommand } from './unknown-command.ts';

const COMMANDS = [
  { name: 'start' },
  { name: 'models' },
  { name: 'keys', commands: ['list', 'create', 'help'] },
  { name: 'diagnose', commands: ['help'], takesWords: true },
  { name: 'help' },
];
const told = (...words: string[]): string | undefined => unknownCommand(words, COMMANDS);

test('a word that is no command is called that, with the one that was meant', () => {
  assert.equal(
    told('modles'),
    "unknown command 'modles'. Did you mean 'models'? `sluice --help` lists them.",
  );
  assert.equal(told('foo', '--port', '1'), "unknown command 'foo'. `sluice --help` lists them.");
});

test('a word that is no command of a group is told with the group', () => {
  assert.equal(
    told('keys', 'craete', 'web'),
    "unknown command 'keys craete'. Did you mean 'keys create'? `sluice keys --help` lists them.",
  );
  assert.equal(told('keys', 'zzz'), "unknown command 'keys zzz'. `sluice keys --help` lists them.");
});

test('a command, an option and nothing at all are left to whoever reads them', () => {
  for (const words of [
    [],
    ['start'],
    ['help', 'foo'],
    ['--port', '1'],
    ['-h'],
    ['keys'],
    ['keys', '--json'],
    ['keys', 'list'],
    ['diagnose', '429'],
  ])
    assert.equal(told(...words), undefined, words.join(' '));
});
