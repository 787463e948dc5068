/** What a person reads when the demo is over. Pure: texts from records. */
import { workflowLink, type WebUi } from '../client/web-ui.ts';
import { formatAmount } from '../contracts/money.ts';
import type { ReceivedMail, WorldRecord } from './audit.ts';
import type { ScenarioReport } from './scenarios/play.ts';

const headings = ['Scenario', '', 'Ended as', 'Calls', 'Charges', 'Charged', 'Mints', 'Owned', 'Ledger', 'Mail'];
/** Numbers are read from the right. */
const rightAligned = new Set([3, 4, 5, 6, 7, 8, 9]);

const usd = (minor: number) => formatAmount(minor, 'USD');

function rowOf({ name, ok, ends, counted, ledger }: ScenarioReport): string[] {
  return [
    name,
    ok ? '✔' : '✘',
    ends.join(', then ') || '–',
    String(counted.calls),
    String(counted.charges),
    usd(counted.captured),
    String(counted.mints),
    String(counted.owned),
    ledger.sumsToZero ? usd(ledger.stripeBalance) : 'UNBALANCED',
    String(counted.mails),
  ];
}

export function reportTable(reports: readonly ScenarioReport[]): string {
  const rows = [headings, ...reports.map(rowOf)];
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return rightAligned.has(column) ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** What each scenario showed, its problems if it has any, and where to look at it. */
export function stories(reports: readonly ScenarioReport[], webUi: WebUi): string {
  return reports
    .map(({ name, happened, problems, workflowIds }) =>
      [
        `${name}: ${happened}`,
        ...problems.map((problem) => `  ✘ ${problem}`),
        ...workflowIds.map((workflowId) => `  ${workflowLink(webUi, workflowId)}`),
      ].join('\n'),
    )
    .join('\n');
}

/** The proofs that hold for everything together. */
export function proofs(world: WorldRecord, problems: readonly string[]): string {
  if (problems.length > 0) return problems.map((problem) => `✘ ${problem}`).join('\n');
  const balances = Object.entries(world.balances).map(([currency, { provider }]) => `${provider} ${currency}`);
  const twice = Object.keys(world.duplicateMails).length;
  return [
    `✔ the ledger sums to zero and has what the card provider has, net of fees: ${balances.join(', ')} (minor units)`,
    '✔ every token on the chain is in the books, and the other way round; no workflow failed',
    twice === 0 ? '✔ no mail came twice' : `· ${twice} mails came twice, with the same Message-ID`,
  ].join('\n');
}

export function mailAsText({ headers, subject, messageId, text }: ReceivedMail): string {
  const head = [`From: ${headers.from}`, `To: ${headers.to}`, `Subject: ${subject}`, `Message-ID: ${messageId}`];
  return [...head, '', ...text.trimEnd().split('\n')].map((line) => `  │ ${line}`.trimEnd()).join('\n');
}
