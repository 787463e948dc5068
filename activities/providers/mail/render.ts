import { compiledTemplates } from './templates.generated.ts';
import { type View, escapeHtml, fill } from './fill.ts';
import { type TicketConfirmationData, ticketConfirmationView } from './templates/ticket-confirmation.ts';

/**
 * One line per template; the rest follows from it. A new one is `templates/{name}.mjml` (compiled by
 * scripts/build-mail.ts) and `templates/{name}.ts` with its data type and view.
 */
export interface MailData {
  'ticket-confirmation': TicketConfirmationData;
}
export type TemplateName = keyof MailData;

/** A template's name with its data, as one value: `renderMail(content.template, content.data)`. */
export type MailContent = { [Name in TemplateName]: { template: Name; data: MailData[Name] } }[TemplateName];

export interface RenderedMail {
  /** One line, unescaped: a header, not HTML. */
  subject: string;
  html: string;
  text: string;
}

const views: { [Name in TemplateName]: (data: MailData[Name]) => View } = {
  'ticket-confirmation': ticketConfirmationView,
};

const plain = (value: string) => value;

/** Pure: the same data gives the same bytes. */
export function renderMail<Name extends TemplateName>(template: Name, data: MailData[Name]): RenderedMail {
  const compiled = compiledTemplates[template];
  const view = views[template](data);
  return {
    subject: fill(compiled.subject, view, plain),
    html: fill(compiled.html, view, escapeHtml),
    text: fill(compiled.text, view, plain),
  };
}
