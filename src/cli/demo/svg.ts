/** SVG by hand: elements as text, with everything escaped that is not markup already. */

/** Markup, not text. */
export type Markup = { readonly markup: string };

export type Attributes = Readonly<Record<string, string | number>>;

/** Strings among the children are text; numbers are rounded to a hundredth, which is more than a pixel shows. */
export function element(
  name: string,
  attributes: Attributes,
  ...children: readonly (Markup | string)[]
): Markup {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? rounded(value) : escaped(value)}"`)
    .join('');
  if (children.length === 0) return { markup: `<${name}${written}/>` };
  const inside = children.map((child) => (typeof child === 'string' ? escaped(child) : child.markup));
  // White space would show inside a text.
  const isText = name === 'text' || children.every((child) => typeof child === 'string');
  return {
    markup: isText
      ? `<${name}${written}>${inside.join('')}</${name}>`
      : `<${name}${written}>\n${inside.join('\n')}\n</${name}>`,
  };
}

export const rounded = (value: number): string => String(Math.round(value * 100) / 100);

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

export type Point = readonly [x: number, y: number];

/** A path that goes to each point by a step: first to the side, then up. */
export function stepPath(points: readonly Point[]): string {
  return points
    .map(([x, y], index) => (index === 0 ? `M${rounded(x)} ${rounded(y)}` : `H${rounded(x)}V${rounded(y)}`))
    .join('');
}
