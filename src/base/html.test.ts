import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { html } from './html.ts';

describe('a page', () => {
  it('escapes what is put into it, in text and in attributes', () => {
    const name = `<script>alert("x")</script> & 'co'`;
    assert.equal(
      html`<p title="${name}">${name}</p>`.html,
      '<p title="&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;co&#39;">&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;co&#39;</p>',
    );
  });

  it('takes pieces of pages as they are, one or many', () => {
    const cells = ['a', '<b>'].map((text) => html`<td>${text}</td>`);
    assert.equal(
      html`<tr>${cells}${html`<td>${1n}</td>`}</tr>`.html,
      '<tr><td>a</td><td>&lt;b&gt;</td><td>1</td></tr>',
    );
  });

  it('shows that there was a control character, and keeps lines and tabs', () => {
    assert.equal(html`${'a\0\u001bb\n\tc'}`.html, 'a\ufffd\ufffdb\n\tc');
  });
});
