import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FAILURES } from './failure.ts';
import { errorsMarkdown } from './failure-document.ts';

describe('the document of errors', () => {
  const markdown = errorsMarkdown();

  it('has one row for every kind, with status, meaning and what comes next', () => {
    for (const [kind, rule] of Object.entries(FAILURES)) {
      const rows = markdown.split('\n').filter((line) => line.startsWith(`| \`${kind}\` |`));
      assert.equal(rows.length, 1, kind);
      for (const part of [String(rule.status), rule.type, rule.scope, rule.next, rule.meaning]) {
        assert.ok(rows[0]?.includes(part), `${kind}: ${part}`);
      }
    }
  });

  it('puts each kind under whose fault it is', () => {
    const part = (title: string): string =>
      markdown.split('\n## ').find((each) => each.startsWith(title)) ?? '';
    assert.ok(part("The client's doing").includes('`invalid_key`'));
    assert.ok(part("Sluice's own refusals").includes('`wait_over`'));
    assert.ok(part('From the provider').includes('`rpm`'));
    assert.ok(!part('From the provider').includes('`wait_over`'));
  });

  it('writes bench times as people do, and none where nobody is benched', () => {
    const base = { ...FAILURES.rpm };
    const row = (benchMs: number, benchMaxMs: number): string =>
      errorsMarkdown({ test: { ...base, benchMs, benchMaxMs } })
        .split('\n')
        .find((line) => line.startsWith('| `test`')) ?? '';
    assert.ok(row(1_000, 60_000).includes('| 1 s to 1 min |'));
    assert.ok(row(3_600_000, 31 * 86_400_000).includes('| 1 h to 31 d |'));
    assert.ok(row(1_500, 90_000).includes('| 1500 ms to 90 s |'));
    assert.ok(row(0, 0).includes('| wait |  | 2 | yes |'));
  });
});
