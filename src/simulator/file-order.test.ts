import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ChatMessage, ChatRequest, ChatTool } from '../domain/chat.ts';
import { callFor, orderOf } from './file-order.ts';

const user = (text: string): ChatMessage => ({ role: 'user', parts: [{ type: 'text', text }] });
const asked = (...messages: readonly ChatMessage[]): ChatRequest => ({
  model: 'qwen3-max',
  messages,
  stream: true,
  wantsUsage: true,
  extra: {},
});

const ORDER = 'Please write the file notes/a.txt with the text "hello there".';
const call: ChatMessage = {
  role: 'assistant',
  parts: [],
  toolCalls: [{ id: 'c1', name: 'bash', arguments: '{}' }],
};
const result: ChatMessage = { role: 'tool', parts: [{ type: 'text', text: 'ok' }], toolCallId: 'c1' };

const tool = (name: string, properties: object, required?: readonly string[]): ChatTool => ({
  name,
  parameters: { type: 'object', properties, ...(required && { required }) },
});
const string = { type: 'string' };

const filled = (tools: readonly ChatTool[], text = ORDER): unknown => {
  const order = orderOf(asked(user(text)));
  const made = order && callFor(order, tools);
  return made && { name: made.tool.name, ...JSON.parse(made.arguments) };
};

test('an order is read with its text in any quotes, or to the end of its line', () => {
  const textOf = (text: string): unknown => {
    const { file, text: content } = orderOf(asked(user(text))) ?? {};
    return [file, content];
  };
  assert.deepEqual(textOf(ORDER), ['notes/a.txt', 'hello there']);
  assert.deepEqual(textOf("Write the file `b.md` with the text 'one two'"), ['b.md', 'one two']);
  assert.deepEqual(textOf('write the file c with the text all of it \nbut not this'), ['c', 'all of it']);
  assert.deepEqual(textOf('Write a file'), [undefined, undefined]);
});

test('an order stands until something was done about it, whatever the user adds', () => {
  const isOpen = (...messages: readonly ChatMessage[]): boolean => orderOf(asked(...messages)) !== undefined;
  assert.ok(isOpen(user(ORDER), user('<environment> the folder is empty')));
  assert.ok(!isOpen(user(ORDER), call, result));
  assert.ok(!isOpen(user(ORDER), call, result, user('<reminder> be brief')));
  assert.ok(isOpen(user('hi'), call, result, user(ORDER)));
  assert.ok(!isOpen({ role: 'system', parts: [{ type: 'text', text: ORDER }] }, user('hi')));
});

test('a shell gets one command, as the text or the list that its schema wants', () => {
  const command = "printf '%s\\n' 'hello there' > notes/a.txt";
  assert.deepEqual(filled([tool('Bash', { command: string, timeout: { type: 'number' } }, ['command'])]), {
    name: 'Bash',
    command,
  });
  assert.deepEqual(filled([tool('shell', { command: { type: 'array', items: string } })]), {
    name: 'shell',
    command: ['bash', '-lc', command],
  });
  assert.deepEqual(filled([tool('functions.exec_command', { cmd: string })]), {
    name: 'functions.exec_command',
    cmd: command,
  });
});

test('what a schema demands beside it is filled: switches off, the rest with a sample', () => {
  const properties = {
    command: string,
    description: string,
    is_background: { type: 'boolean' },
    kept: { type: 'boolean', default: true },
    mode: { enum: ['sync', 'async'] },
    unasked: string,
  };
  assert.deepEqual(
    filled([
      tool('run_shell_command', properties, ['command', 'description', 'is_background', 'kept', 'mode']),
    ]),
    {
      name: 'run_shell_command',
      command: "printf '%s\\n' 'hello there' > notes/a.txt",
      description: 'Write the file notes/a.txt',
      is_background: false,
      kept: true,
      mode: 'sync',
    },
  );
});

test('where there is no shell, a tool that writes or patches does it', () => {
  const write = tool('Write', { file_path: string, content: string });
  const patch = tool('apply_patch', { input: string }, ['input']);
  assert.deepEqual(filled([patch, write]), {
    name: 'Write',
    file_path: 'notes/a.txt',
    content: 'hello there\n',
  });
  assert.deepEqual(filled([patch]), {
    name: 'apply_patch',
    input: '*** Begin Patch\n*** Add File: notes/a.txt\n+hello there\n*** End Patch\n',
  });
});

test('a shell is not taken where the user wants none', () => {
  const shell = tool('bash', { command: string });
  const write = tool('write', { filePath: string, content: string });
  const name = (text: string, tools = [shell, write]): unknown =>
    (filled(tools, text) as { name: string } | undefined)?.name;
  assert.equal(name(ORDER), 'bash');
  assert.equal(name(`Without a shell, ${ORDER}`), 'write');
  assert.equal(name(`Without a shell, ${ORDER}`, [shell]), undefined);
});

test('tools that have no place for the order are not called', () => {
  assert.equal(filled([]), undefined);
  assert.equal(
    filled([tool('read_file', { path: string }), tool('read_bash', { command: string }), { name: 'bash' }]),
    undefined,
  );
});

test('a tool that takes scripts gets one that calls the shell', () => {
  const { input } = filled([tool('functions__exec', { input: string })]) as { input: string };
  assert.equal(
    input,
    `text(await tools.exec_command({"cmd":"printf '%s\\\\n' 'hello there' > notes/a.txt"}));`,
  );
});

test('a shell writes just the text, whatever signs it has', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-order-'));
  try {
    fc.assert(
      fc.property(fc.stringMatching(/^[^\n"\0\s]([^\n"\0]{0,20}[^\n"\0\s])?$/), (text) => {
        const made = filled(
          [tool('bash', { command: string })],
          `Write the file out.txt with the text "${text}"`,
        );
        execFileSync('sh', ['-c', (made as { command: string }).command], { cwd: folder });
        assert.equal(readFileSync(join(folder, 'out.txt'), 'utf8'), `${text.toWellFormed().trim()}\n`);
      }),
      { numRuns: 25 },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
