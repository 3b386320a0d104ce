import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configurationMarkdown } from './document.ts';
import { EXAMPLE } from './example.ts';
import { configurationJsonSchema } from './json-schema.ts';

const markdown = configurationMarkdown();

describe('the configuration document', () => {
  it('has a table for every section', () => {
    for (const title of [
      ...[
        '## The file',
        '## `server`',
        '## `accounts[]`',
        '## `accounts[].limits`',
        '## `accounts[].models.<name>`',
      ],
      ...[
        '## `models.<name>`',
        '## `keys[]`',
        '## `queue`',
        '## `timeouts`',
        '## `log`',
        '## `simulator`',
        '## `alerts.webhooks[]`',
      ],
    ]) {
      assert.ok(markdown.includes(`\n${title}\n`), title);
    }
  });

  it('has a row for every key of the file, with type, default and meaning', () => {
    for (const name of Object.keys(configurationJsonSchema().properties ?? {})) {
      assert.match(markdown, new RegExp(`^\\| \`${name}\` \\|`, 'm'));
    }
    assert.ok(
      markdown.includes('| `port` | whole number | `4290` | Port to listen on; 0 takes a free one. |'),
    );
    assert.ok(markdown.includes('| `id` | text | **required** |'));
    assert.ok(markdown.includes('| `secrets` | list of secrets |'));
    const types = 'switched_off \\| switched_on \\| benched_long';
    const preset = '`[switched_off, switched_on, benched_long]`';
    assert.ok(markdown.includes(`| \`on\` | list of ${types} | ${preset} |`));
    assert.ok(markdown.includes('| `on_limit` | queue \\| reject | `queue` |'));
  });

  it('has rows of four cells only', () => {
    for (const row of markdown.split('\n').filter((line) => line.startsWith('|'))) {
      assert.equal(row.split(/(?<!\\)\|/).length, 6, row);
    }
  });

  it('ends with the example', () => {
    assert.ok(markdown.endsWith(`\`\`\`yaml\n${EXAMPLE}\`\`\`\n`));
  });
});
