/** What a person reads when the demo is over. Pure: texts from records. */
import { workflowLink, type WebUi } from '../client/web-ui.ts';
import { formatAmount, isCurrency } from '../contracts/money.ts';
import type { ReceivedMail, WorldRecord } from './audit.ts';
import type { ScenarioReport } from './scenarios/play.ts';

/** The last column is as wide as it likes; the numbers before it are read from the right. */
const headings = ['  Scenario', 'Calls', 'Paid', 'Back', 'Mints', 'Own', 'Ledger', 'Mail', ' Ended as'];

/** `50 × completed` for a run of the same. */
function endsText(ends: readonly string[]): string {
  const runs: { end: string; times: number }[] = [];
  for (const end of ends) {
    const last = runs.at(-1);
    if (last?.end === end) last.times += 1;
    else runs.push({ end, times: 1 });
  }
  return runs.map(({ end, times }) => (times === 1 ? end : `${times} × ${end}`)).join(', ') || '–';
}

const decimal = (minor: number) => formatAmount(minor, 'USD').replace(' USD', '');

function rowOf({ name, ok, ends, counted, ledger }: ScenarioReport): string[] {
  return [
    `${ok ? '✔' : '✘'} ${name}`,
    String(counted.calls),
    String(counted.charges),
    decimal(counted.refunded),
    String(counted.mints),
    String(counted.owned),
    ledger.sumsToZero ? decimal(ledger.stripeBalance) : 'UNBALANCED',
    String(counted.mails),
    ` ${endsText(ends)}`,
  ];
}

/** Fits into 80 columns. */
export function reportTable(reports: readonly ScenarioReport[]): string {
  const rows = [headings, ...reports.map(rowOf)];
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const last = headings.length - 1;
  const align = (cell: string, column: number) => {
    const width = widths[column] ?? 0;
    return column === 0 || column === last ? cell.padEnd(width) : cell.padStart(width);
  };
  const lines = rows.map((row) => row.map(align).join(' ').trimEnd());
  return [
    ...lines,
    '',
    'Calls: of the card provider. Paid: charges. Back: what was refunded, USD.',
    "Own: tokens in the buyer's wallet now. Ledger: what the books have at the",
    'provider, USD, after its fee.',
  ].join('\n');
}

/** Of one scenario; the others look the same. */
const shownLinks = 3;

/** What each scenario showed, its problems if it has any, and where to look at it. */
export function stories(reports: readonly ScenarioReport[], webUi: WebUi): string {
  return reports
    .map(({ name, happened, problems, workflowIds, besides, exhibit }) =>
      [
        `${name}: ${happened}`,
        ...(exhibit === undefined ? [] : exhibit.split('\n').map((line) => `  │ ${line}`.trimEnd())),
        ...problems.map((problem) => `  ✘ ${problem}`),
        ...besides.map((workflowId) => `  ${workflowLink(webUi, workflowId)}`),
        ...workflowIds.slice(0, shownLinks).map((workflowId) => `  ${workflowLink(webUi, workflowId)}`),
        ...(workflowIds.length > shownLinks ? [`  and ${workflowIds.length - shownLinks} more`] : []),
      ].join('\n'),
    )
    .join('\n');
}

/** The proofs that hold for everything together. */
export function proofs(world: WorldRecord, problems: readonly string[]): string {
  if (problems.length > 0) return problems.map((problem) => `✘ ${problem}`).join('\n');
  const balances = Object.entries(world.balances).map(([currency, { provider }]) =>
    isCurrency(currency) ? formatAmount(provider, currency) : `${provider} ${currency}`,
  );
  const twice = Object.keys(world.duplicateMails).length;
  return [
    `✔ the ledger sums to zero and agrees with the provider: ${balances.join(', ')}`,
    '✔ chain and books agree on every token; no workflow failed',
    twice === 0 ? '✔ no mail came twice' : `· ${twice} mails came twice, with the same Message-ID`,
  ].join('\n');
}

export function mailAsText({ headers, subject, messageId, text }: ReceivedMail): string {
  const head = [`From: ${headers.from}`, `To: ${headers.to}`, `Subject: ${subject}`, `Message-ID: ${messageId}`];
  return [...head, '', ...text.trimEnd().split('\n')].map((line) => `  │ ${line}`.trimEnd()).join('\n');
}
