/**
 * Counters, gauges and histograms in Prometheus' text form. Small on purpose: the hot path holds a series it looked up
 * once and adds to a number.
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */

export type Labels = Readonly<Record<string, string>>;

export type Counter = { add(amount?: number): void };
export type Histogram = { observe(value: number): void };

type Family = { readonly name: string; readonly help: string; readonly type: string; lines(): string[] };

export type Registry = {
  counter(name: string, help: string): (labels?: Labels) => Counter;
  histogram(
    name: string,
    options: { readonly help: string; readonly buckets: readonly number[] },
  ): (labels?: Labels) => Histogram;
  /** Read when asked for, not kept. */
  gauge(
    name: string,
    help: string,
    read: () => readonly { readonly labels: Labels; readonly value: number }[],
  ): void;
  text(): string;
};

/** More label sets than this in one family is a mistake or an attack; the rest is counted together. */
const MAX_SERIES = 2_000;
const OVERFLOW: Labels = { overflow: 'true' };

export function createRegistry(): Registry {
  const families: Family[] = [];

  const seriesOf = <S>(
    create: (labels: string) => S,
  ): { series: Map<string, S>; of: (labels?: Labels) => S } => {
    const series = new Map<string, S>();
    const of = (labels: Labels = {}): S => {
      let key = labelText(labels);
      if (!series.has(key) && series.size >= MAX_SERIES) key = labelText(OVERFLOW);
      let found = series.get(key);
      if (found === undefined) {
        found = create(key);
        series.set(key, found);
      }
      return found;
    };
    return { series, of };
  };

  return {
    counter(name, help) {
      const { series, of } = seriesOf(() => new Sum());
      families.push({
        name,
        help,
        type: 'counter',
        lines: () => [...series].map(([labels, sum]) => `${name}${labels} ${sum.value}`),
      });
      return of;
    },
    histogram(name, { help, buckets }) {
      const { series, of } = seriesOf(() => new Buckets(buckets));
      families.push({
        name,
        help,
        type: 'histogram',
        lines: () => [...series].flatMap(([labels, histogram]) => histogram.lines(name, labels)),
      });
      return of;
    },
    gauge(name, help, read) {
      families.push({
        name,
        help,
        type: 'gauge',
        lines: () => read().map(({ labels, value }) => `${name}${labelText(labels)} ${value}`),
      });
    },
    text: () =>
      families
        .flatMap((family) => [
          `# HELP ${family.name} ${family.help}`,
          `# TYPE ${family.name} ${family.type}`,
          ...family.lines(),
        ])
        .concat('')
        .join('\n'),
  };
}

class Sum implements Counter {
  value = 0;

  add(amount = 1): void {
    this.value += amount;
  }
}

class Buckets implements Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.#sum += value;
    this.#count++;
    const i = this.#bounds.findIndex((bound) => value <= bound);
    if (i >= 0) this.#counts[i] = (this.#counts[i] ?? 0) + 1;
  }

  lines(name: string, labels: string): string[] {
    let total = 0;
    const lines = this.#bounds.map((bound, i) => {
      total += this.#counts[i] ?? 0;
      return `${name}_bucket${withLabel(labels, `le="${bound}"`)} ${total}`;
    });
    return [
      ...lines,
      `${name}_bucket${withLabel(labels, 'le="+Inf"')} ${this.#count}`,
      `${name}_sum${labels} ${this.#sum}`,
      `${name}_count${labels} ${this.#count}`,
    ];
  }
}

const withLabel = (labels: string, label: string): string =>
  labels === '' ? `{${label}}` : `${labels.slice(0, -1)},${label}}`;

const labelText = (labels: Labels): string => {
  const entries = Object.entries(labels);
  return entries.length === 0
    ? ''
    : `{${entries.map(([name, value]) => `${name}="${escapeLabel(value)}"`).join(',')}}`;
};

const escapeLabel = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
