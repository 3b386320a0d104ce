import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { betasFor } from './betas.ts';

const TOLD = 'claude-code-20250219, effort-2025-11-24,oauth-2025-04-20,files-api-2025-04-14';

describe('the betas that a client names', () => {
  it('travel to Anthropic as they are, but for the login of the client', () => {
    assert.deepEqual(betasFor('anthropic', TOLD), {
      header: 'claude-code-20250219,effort-2025-11-24,files-api-2025-04-14',
      stopped: ['oauth-2025-04-20'],
    });
    assert.equal(betasFor('anthropic', 'brand-new-2031-01-01').header, 'brand-new-2031-01-01');
  });

  it('travel to others only where these know them', () => {
    assert.equal(betasFor('deepseek', TOLD).header, 'files-api-2025-04-14');
    assert.equal(betasFor('deepseek', TOLD).stopped.length, 3);
    assert.deepEqual(betasFor('qwen', TOLD), { header: undefined, stopped: ['anthropic-beta'] });
    assert.equal(betasFor('constructor', TOLD).header, undefined);
  });

  it('are names, and nothing else gets through', () => {
    assert.deepEqual(betasFor('anthropic', 'Not a name!,, x y'), {
      header: undefined,
      stopped: ['anthropic-beta'],
    });
  });
});
