/**
 * A statement as a page to print: one file without scripts, pictures or anything else to load, for A4 paper. Sums stand
 * in cents, with the exact amount beside them; lines are exact.
 */

import { type Html, html } from '../base/html.ts';
import { decimalOf } from '../domain/cost.ts';
import { knownCost } from './known-cost.ts';
import { added, type Movement, NOTHING, type Statement, type Used, type UsedLine } from './statement.ts';
import { dayText } from './statement-table.ts';

const STYLE = `
@page { size: A4; margin: 16mm 14mm 18mm; }
* { box-sizing: border-box; }
html { color: #1a1f2b; background: #eef0f4; font: 10pt/1.45 system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
body { width: 210mm; max-width: 100%; margin: 8mm auto; padding: 16mm 14mm; background: #fff; box-shadow: 0 1px 6px #0002; }
header { display: flex; justify-content: space-between; align-items: flex-start; gap: 10mm; border-bottom: 2px solid #1a1f2b; padding-bottom: 5mm; }
h1 { font-size: 20pt; line-height: 1.15; margin: 0 0 1mm; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 11.5pt; margin: 9mm 0 2mm; break-after: avoid; }
p { margin: 0; }
.quiet { color: #5b6472; }
.right { text-align: right; }
.mark { display: inline-block; margin-top: 2mm; padding: .6mm 2.4mm; border: 1px solid #b45309; border-radius: 2mm; color: #92400e; font-weight: 600; font-size: 9pt; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(36mm, 1fr)); gap: 3mm; margin: 6mm 0 0; }
dl div { padding: 3mm 4mm; border: 1px solid #d5d9e0; border-radius: 2mm; break-inside: avoid; }
dl div.last { background: #1a1f2b; color: #fff; border-color: #1a1f2b; }
dl div.last .quiet { color: #c6ccd8; }
dt { font-size: 8.5pt; color: inherit; opacity: .75; }
dd { margin: .5mm 0 0; font-size: 15pt; font-weight: 650; font-variant-numeric: tabular-nums; }
dd + dd { font-size: 8pt; font-weight: 400; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; font-size: 8.5pt; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th { text-align: left; font-weight: 600; color: #5b6472; border-bottom: 1px solid #1a1f2b; padding: 1mm 1.5mm; vertical-align: bottom; }
td { border-bottom: 1px solid #e5e8ed; padding: 1.2mm 1.5mm; vertical-align: top; overflow-wrap: anywhere; }
th:first-child, td:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.sum td { font-weight: 650; border-bottom: 0; border-top: 1px solid #1a1f2b; }
tr.part td { font-weight: 600; background: #f5f6f8; padding-left: 1.5mm; }
footer { margin-top: 10mm; padding-top: 3mm; border-top: 1px solid #d5d9e0; font-size: 8pt; color: #5b6472; }
footer p + p { margin-top: 1mm; }
@media print { html { background: #fff; } body { width: auto; margin: 0; padding: 0; box-shadow: none; } dl div.last { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;

export function statementPage(statement: Statement): string {
  const { tenant, month, fromMs, toMs, preparedAtMs, preliminary, movements, lines } = statement;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="robots" content="noindex">
<title>Statement ${month} ${tenant.name}</title>
<style>${{ html: STYLE }}</style>
</head>
<body>
<header>
<div><p class="quiet">Statement of usage</p><h1>${tenant.name}</h1><p class="quiet">${tenant.id}</p></div>
<div class="right"><p><strong>${monthName(fromMs)}</strong></p>
<p class="quiet">${dayText(fromMs)} to ${dayText(toMs - 1)}, UTC</p>
<p class="quiet">prepared ${new Date(preparedAtMs).toISOString().slice(0, 16).replace('T', ' ')} UTC</p>
${preliminary ? html`<p class="mark">preliminary: the month is not over</p>` : ''}</div>
</header>
${sums(statement)}
${movements.length === 0 ? '' : movementTable(movements)}
<h2>Usage</h2>
${lines.length === 0 ? html`<p class="quiet">There were no calls.</p>` : usageTable(statement)}
<footer>${notes(statement)}</footer>
</body>
</html>
`;
  return page.html;
}

const monthName = (ms: number): string =>
  new Date(ms).toLocaleDateString('en-US', { month: 'long', year: 'numeric', timeZone: 'UTC' });

function sums({ balance, total }: Statement): Html {
  if (balance === null)
    return html`<dl>${box('Calls', whole(total.calls), `${whole(tokens(total))} tokens`)}${moneyBox('List price', total.listNano, total)}${moneyBox('Charged', total.chargedNano, total, true)}</dl>`;
  const { openingNano, paidNano, chargedNano, closingNano } = balance;
  return html`<dl>${moneyBox('Opening balance', openingNano)}${moneyBox('Paid in, granted, adjusted', paidNano)}${moneyBox('Charged for usage', -chargedNano)}${moneyBox('Closing balance', closingNano, undefined, true)}</dl>`;
}

const box = (name: string, text: string, small: string, isLast = false): Html =>
  html`<div${isLast ? html` class="last"` : ''}><dt>${name}</dt><dd>${text}</dd><dd class="quiet">${small}</dd></div>`;

function moneyBox(
  name: string,
  nano: bigint,
  { unpriced }: Pick<Used, 'unpriced'> = { unpriced: 0 },
  isLast = false,
): Html {
  const known = knownCost(nano, unpriced);
  if (known === null) return box(name, 'unknown', `${whole(unpriced)} calls have no price`, isLast);
  const more = unpriced > 0 ? `, and ${whole(unpriced)} calls without a price` : '';
  return box(name, `${unpriced > 0 ? '≥ ' : ''}${cents(known)}`, `exactly ${exact(known)}${more}`, isLast);
}

const KINDS: Readonly<Record<string, string>> = {
  top_up: 'Top-up',
  grant: 'Grant',
  adjustment: 'Adjustment',
  write_off: 'Write-off',
};

const movementTable = (movements: readonly Movement[]): Html => html`<h2>Payments and adjustments</h2>
<table><thead><tr><th>Date</th><th>Kind</th><th>Note</th><th class="number">Amount</th></tr></thead><tbody>
${movements.map(
  ({ atMs, kind, note, amountNano }) =>
    html`<tr><td>${dayText(atMs)}</td><td>${KINDS[kind] ?? kind}</td><td>${note ?? ''}</td><td class="number">${exact(amountNano)}</td></tr>
`,
)}</tbody></table>`;

function usageTable({ lines, total }: Statement): Html {
  const projects = [...new Set(lines.map(({ project }) => project))];
  return html`<table><thead><tr><th>Key</th><th>Model</th><th class="number">Calls</th><th class="number">Input</th><th class="number">Cached</th><th class="number">Output</th><th class="number">List price</th><th class="number">Factor</th><th class="number">Charged</th></tr></thead><tbody>
${projects.map((project) => projectRows(lines, project, projects.length > 1 || project !== ''))}${sumRow('Total', total)}</tbody></table>`;
}

function projectRows(all: readonly UsedLine[], project: string, isNamed: boolean): Html {
  const lines = all.filter((line) => line.project === project);
  const name = project === '' ? 'Without a project' : `Project ${project}`;
  return html`${
    isNamed
      ? html`<tr class="part"><td colspan="9">${name}</td></tr>
`
      : ''
  }${lines.map(usageRow)}${isNamed && lines.length > 1 ? sumRow(name, lines.reduce(added, NOTHING)) : ''}`;
}

const usageRow = (line: UsedLine): Html =>
  html`<tr><td>${line.key}</td><td>${line.model}</td>${amounts(line)}<td class="number">${known(line.listNano, line)}</td><td class="number">${line.factor}</td><td class="number">${known(line.chargedNano, line)}</td></tr>
`;

const sumRow = (name: string, sum: Used): Html =>
  html`<tr class="sum"><td colspan="2">${name}</td>${amounts(sum)}<td class="number">${known(sum.listNano, sum)}</td><td></td><td class="number">${known(sum.chargedNano, sum)}</td></tr>
`;

const amounts = (used: Used): Html =>
  html`<td class="number">${whole(used.calls)}</td><td class="number">${whole(used.input + used.cacheWrite)}</td><td class="number">${whole(used.cacheRead)}</td><td class="number">${whole(used.output + used.reasoning)}</td>`;

function notes({ total, lines, balance }: Statement): Html[] {
  const texts = [
    'Amounts are in US dollars. Lines are exact; sums are rounded to the cent for display only, with the exact amount beneath.',
    'Input includes what was written into caches, cached is what was read from them, output includes thinking.',
    'Days and months are those of UTC; a call belongs to the day on which it arrived. Calls that failed before their first content are counted and not charged.',
  ];
  if (total.unpriced > 0)
    texts.push(
      `${whole(total.unpriced)} calls were of models without a known price: what they cost is in none of the sums.`,
    );
  if (balance !== null && lines.some(({ inWallet }) => !inWallet))
    texts.push(
      'Some of the usage was not taken from the balance: the sum of usage is more than what the balance was charged.',
    );
  return texts.map((text) => html`<p>${text}</p>`);
}

const tokens = (used: Used): number =>
  used.input + used.cacheRead + used.cacheWrite + used.output + used.reasoning;
const whole = (value: number): string => value.toLocaleString('en-US');

function known(nano: bigint, { unpriced }: Pick<Used, 'unpriced'>): string {
  const cost = knownCost(nano, unpriced);
  if (cost === null) return 'unknown';
  return `${unpriced > 0 ? '≥ ' : ''}${exact(cost)}`;
}

/** At least cents, and whatever more there is. */
function exact(nano: bigint): string {
  const [dollars = '', places = ''] = decimalOf(nano < 0n ? -nano : nano).split('.');
  return `${nano < 0n ? '−' : ''}$${BigInt(dollars).toLocaleString('en-US')}.${places.padEnd(2, '0')}`;
}

const NANO_OF_CENT = 10_000_000n;

/** Rounded half away from zero. */
function cents(nano: bigint): string {
  const size = nano < 0n ? -nano : nano;
  const all = (size + NANO_OF_CENT / 2n) / NANO_OF_CENT;
  const text = `$${(all / 100n).toLocaleString('en-US')}.${String(all % 100n).padStart(2, '0')}`;
  return nano < 0n && all > 0n ? `−${text}` : text;
}
