/** Pages written by template: what is put in is escaped, unless it is a piece of a page itself. */

export type Html = { readonly html: string };

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export type HtmlValue = string | number | bigint | Html | readonly Html[];

export const html = (parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html => ({
  html: parts.map((part, index) => part + written(values[index] ?? '')).join(''),
});

function written(value: HtmlValue): string {
  if (typeof value === 'object')
    return 'html' in value ? value.html : value.map((each) => each.html).join('');
  // Control characters show nothing, and some of them are not allowed in a page.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be in it
  const shown = String(value).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '\ufffd');
  return shown.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);
}
