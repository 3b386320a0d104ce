/** The house rules, looked after by a machine. Each rule is first shown to be able to fail. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PRINTED_DOCUMENTS, staleDocuments } from '../scripts/print-documents.ts';
import { FAILURES } from '../src/domain/failure.ts';
import { documentComplaints } from './house/documents.ts';
import { failureComplaints } from './house/failures.ts';
import { cycles, floorComplaints } from './house/floors.ts';
import { LISTS, listComplaints } from './house/lists.ts';
import { powerComplaints } from './house/powers.ts';
import { lengthComplaints, machineComplaints, nameComplaints } from './house/shape.ts';
import { importsOf, pathsBelow, readFiles, type SourceFile } from './house/tree.ts';

const paths = pathsBelow();
const files = readFiles(paths);
const code = files.filter(({ path }) => /^(src|test|bench|scripts)\//.test(path));
const file = (path: string, text: string): SourceFile => ({ path, text });

describe('imports', () => {
  it('are found however they are written', () => {
    const text = `import { a } from './a.ts';\nimport type {\n  B,\n} from '../b.ts';\nexport * from "./c.ts";
export type { D } from './d.ts';\nimport './e.ts';\nconst f = await import('./f.ts');\nconst no = "from './g.ts'";`;
    assert.deepEqual(importsOf(text), ['./a.ts', '../b.ts', './c.ts', './d.ts', './e.ts', './f.ts']);
  });

  it('can be caught going up, sideways, into the test room, into no room', () => {
    const complaints = floorComplaints([
      file('src/base/json.ts', `import type { Limits } from '../domain/limits.ts';`),
      file('src/simulator/upstream.ts', `import { createLimiter } from '../admission/limiter.ts';`),
      file('src/relay/relay.ts', `import { virtualClock } from '../testing/virtual-clock.ts';`),
      file('src/http/server.ts', `import { x } from '../cellar/wine.ts';`),
      file('src/relay/decide.ts', `import { run } from '../app.ts';`),
      file('src/cli/start.ts', `import { x } from '../../test/house/tree.ts';`),
    ]);
    assert.equal(complaints.length, 6);
    assert.match(complaints[0] ?? '', /a floor above/);
    assert.match(complaints[1] ?? '', /strangers/);
    assert.match(complaints[2] ?? '', /for tests alone/);
    assert.match(complaints[3] ?? '', /'cellar' a floor/);
  });

  it('may go down, stay in the room, and do anything in a test', () => {
    const complaints = floorComplaints([
      file('src/relay/relay.ts', `import { a } from '../admission/a.ts';\nimport { b } from './b.ts';`),
      file('src/main.ts', `import { start } from './cli/start.ts';\nimport { createApp } from './app.ts';`),
      file(
        'src/relay/relay.test.ts',
        `import { a } from '../testing/a.ts';\nimport { b } from '../http/b.ts';`,
      ),
    ]);
    assert.deepEqual(complaints, []);
  });

  it('go down a floor or stay in the room', () => {
    assert.deepEqual(floorComplaints(files), []);
  });

  it('can be caught running in a circle', () => {
    const found = cycles([
      file('src/relay/a.ts', `import { b } from './b.ts';`),
      file('src/relay/b.ts', `import type { C } from './c.ts';`),
      file('src/relay/c.ts', `import { a } from './a.ts';`),
      file('src/relay/d.ts', `import { a } from './a.ts';`),
    ]);
    assert.deepEqual(found, [['src/relay/a.ts', 'src/relay/b.ts', 'src/relay/c.ts', 'src/relay/a.ts']]);
  });

  it('never run in a circle, types included', () => {
    assert.deepEqual(cycles(code), []);
  });
});

describe('time, chance and the world', () => {
  it('can be caught coming in by the back door', () => {
    const reach = (text: string, path = 'src/relay/relay.ts'): string[] =>
      powerComplaints([file(path, text)]);
    for (const text of [
      'const now = Date.now();',
      'const now = new Date();',
      'const now = performance.now();',
      'setTimeout(run, 10);',
      "import { setTimeout as wait } from 'node:timers/promises';",
      'const dice = Math.random();',
      'const key = process.env.KEY;',
      "console.log('here');",
      'process.exit(1);',
      "await fetch('https://example.com');",
      'const call = globalThis.fetch;',
    ]) {
      assert.equal(reach(text).length, 1, text);
      assert.equal(reach(text, 'src/relay/relay.test.ts').length, 0, text);
    }
    assert.equal(reach('setTimeout(run, 10);', 'src/base/clock.ts').length, 0);
    assert.equal(reach("console.log('here');", 'src/cli/start.ts').length, 0);
    assert.equal(reach('const dice = Math.random();', 'src/app.ts').length, 0);
  });

  it('are welcome as arguments, and may be talked about', () => {
    const text = `/** Never \`Date.now\`, never Math.random(). */
type Options = { readonly fetch: Fetch };
// setTimeout(would be wrong)
const send = ({ fetch }: Options) => fetch(request);
const at = new Date(clock.now());
const link = 'https://console.example.com/log';`;
    assert.deepEqual(powerComplaints([file('src/relay/attempt.ts', text)]), []);
  });

  it('come in by hand', () => {
    assert.deepEqual(powerComplaints(files), []);
  });
});

describe('files', () => {
  it('can be caught being too long', () => {
    assert.equal(lengthComplaints([file('src/a.ts', 'x\n'.repeat(401))]).length, 1);
    assert.equal(lengthComplaints([file('src/a.ts', 'x\n'.repeat(400))]).length, 0);
  });

  it('are short enough to read', () => {
    assert.deepEqual(lengthComplaints(code), []);
  });

  it('can be caught with a name that says nothing', () => {
    const bad = [
      'src/utils/',
      'src/relay/helpers.ts',
      'src/http/string-utils.ts',
      'src/domain/types.ts',
      'src/relay/relay-manager.test.ts',
    ];
    assert.equal(nameComplaints(bad).length, bad.length);
    assert.deepEqual(
      nameComplaints(['src/relay/relay.ts', 'src/domain/limits.ts', 'src/commonplace.ts']),
      [],
    );
  });

  it('have names that say something', () => {
    assert.deepEqual(nameComplaints(paths.filter((path) => /^(src|test|bench|scripts)\//.test(path))), []);
  });

  it('can be caught naming the machine they were made on', () => {
    const folder = ['', 'work', 'main'].join('/');
    const home = ['', 'root', '.npmrc'].join('/');
    assert.equal(machineComplaints([file('README.md', `cd ${folder}`)]).length, 1);
    assert.equal(machineComplaints([file('src/a.ts', `'${home}'`)]).length, 1);
    assert.equal(
      machineComplaints([file('package-lock.json', '"resolved": "https://mirror.lan/a.tgz"')]).length,
      1,
    );
    assert.equal(machineComplaints([file('.npmrc', 'registry=https://mirror.lan/')]).length, 1);
    const fine = '"resolved": "https://registry.npmjs.org/a.tgz", src/work/x, network/';
    assert.deepEqual(machineComplaints([file('package-lock.json', fine)]), []);
  });

  it('do not name the machine they were made on', () => {
    assert.deepEqual(machineComplaints(files), []);
  });
});

describe('lists', () => {
  const rule = { folder: 'src/providers/', contract: 'Provider' };
  const index = file('src/providers/index.ts', `import { qwen } from './qwen.ts';`);
  const qwen = file('src/providers/qwen.ts', 'export const qwen: Provider = {};');
  const test = file('src/providers/index.test.ts', `import { PROVIDERS } from './index.ts';`);

  it('can be caught incomplete, untested, missing', () => {
    const kimi = file('src/providers/kimi.ts', 'export const kimi = {\n} satisfies Provider;');
    assert.deepEqual(listComplaints([index, qwen, test, kimi], rule), [
      'src/providers/kimi.ts is not in src/providers/index.ts',
    ]);
    assert.equal(listComplaints([index, qwen], rule).length, 1);
    assert.equal(listComplaints([qwen, test], rule).length, 1);
    assert.equal(listComplaints([], rule).length, 1);
  });

  it('leave out what implements nothing', () => {
    const transport = file('src/providers/transport.ts', 'export const createTransport = (): Fetch => send;');
    assert.deepEqual(listComplaints([index, qwen, test, transport], rule), []);
  });

  for (const each of LISTS) {
    it(`of ${each.folder} name every ${each.contract}, and a test runs over it`, () => {
      assert.deepEqual(listComplaints(files, each), []);
    });
  }
});

describe('documents', () => {
  const existing = [
    'src/',
    'src/base/',
    'src/base/sse.ts',
    'docs/',
    'docs/errors.md',
    'docs/decisions/',
    'docs/decisions/0001-node.md',
    'README.md',
  ];

  it('can be caught naming what does not exist', () => {
    const text =
      'See `src/base/gone.ts`, `base/gone.ts`, `docs/gone.md` and [this](docs/lost.md), `gone.yaml`, `docs/decisions/9*.md`.';
    const complaints = documentComplaints([file('README.md', text)], existing);
    assert.equal(complaints.length, 6);
  });

  it('may name files by any of their paths, folders, routes, media types and placeholders', () => {
    const text = `See \`src/base/sse.ts\`, \`base/sse.ts\`, \`sse.ts\`, \`base/\`, \`docs/decisions/0001-*.md\`, [errors](docs/errors.md#kinds),
\`/v1/models\`, \`text/event-stream\`, \`account/model\`, \`providers/x.ts\`, \`sluice.yaml\`, <https://example.com/a.md>,
\`node --test src/base/sse.ts\`\n\n\`\`\`\nsrc/base/gone.ts \`src/gone.ts\`\n\`\`\`\n`;
    assert.deepEqual(documentComplaints([file('README.md', text)], existing), []);
    assert.deepEqual(
      documentComplaints([file('docs/a.md', '[up](../README.md) and [beside](errors.md)')], existing),
      [],
    );
  });

  it('name only what exists', () => {
    const documents = files.filter(({ path }) => /^(docs\/)?[^/]+\.md$/.test(path));
    assert.deepEqual(documentComplaints(documents, paths), []);
  });

  it('can be caught being stale', () => {
    const stale = [
      { path: 'docs/errors.md', print: () => 'something else' },
      { path: 'docs/no-such.md', print: () => '' },
    ];
    assert.deepEqual(staleDocuments(stale), ['docs/errors.md', 'docs/no-such.md']);
  });

  it('that are printed equal the code (npm run print)', () => {
    assert.deepEqual(staleDocuments(PRINTED_DOCUMENTS), []);
  });
});

describe('failures', () => {
  it('can be caught being in the table alone', () => {
    const complaints = failureComplaints(
      ['used', 'unused'],
      [
        file('src/relay/decide.ts', `throw new Failure('used', {});`),
        file('src/relay/decide.test.ts', `throw new Failure('unused', {});`),
      ],
    );
    assert.equal(complaints.length, 1);
    assert.match(complaints[0] ?? '', /'unused'/);
  });

  it('of the table are each thrown somewhere', () => {
    assert.deepEqual(failureComplaints(Object.keys(FAILURES), code), []);
  });
});
