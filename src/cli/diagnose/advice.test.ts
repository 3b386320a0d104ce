import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FAILURES, type FailureKind } from '../../domain/failure.ts';
import { adviceOf } from './advice.ts';

const kinds = Object.keys(FAILURES) as FailureKind[];

describe('advice', () => {
  it('is something to do for every kind, in labels that fit their column', () => {
    for (const provider of [undefined, 'qwen', 'openai'])
      for (const kind of kinds) {
        const { passes, steps } = adviceOf(kind, provider);
        assert.ok(passes !== '' && steps.length > 0, kind);
        for (const { when, text } of steps)
          assert.ok(when.length <= 15 && /[.?]$/.test(text), `${kind}: ${text}`);
      }
  });

  it('never promises that waiting helps where somebody must act', () => {
    for (const kind of kinds) {
      const rule = FAILURES[kind];
      if (!('switchesOff' in rule)) continue;
      assert.match(adviceOf(kind, 'qwen').passes, /^not by waiting/, kind);
    }
  });

  it('knows Model Studio’s particulars, and tells nobody else of them', () => {
    const told = (kind: FailureKind, provider: string): string => JSON.stringify(adviceOf(kind, provider));
    assert.match(told('tpm', 'qwen'), /限流提额.*Topping up raises no limit.*RPM\/60.*60 RPM, qwen3-max 600/);
    assert.match(told('auth', 'qwen'), /another region.*sk-sp-/);
    assert.equal(told('tpm', 'simulator'), told('tpm', 'qwen'));
    for (const kind of kinds) assert.doesNotMatch(told(kind, 'openai'), /Model Studio|qwen3/, kind);
  });
});
