/**
 * The whole template language: `{{name}}` and one level of `{{#rows}}…{{/rows}}`. No logic, no raw output. One pass,
 * so that a placeholder inside a value stays what somebody typed.
 */
export type Row = Readonly<Record<string, string>>;
export type View = Readonly<Record<string, string | readonly Row[]>>;

export const templateTokens = /\{\{#(\w+)\}\}([\s\S]*?)\{\{\/\1\}\}|\{\{(\w+)\}\}/g;

/**
 * One line of visible text: a line break in a name would forge a header or a line of the receipt, a direction override
 * would make an amount read backwards.
 */
export const oneLine = (value: string) =>
  value.replace(/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim();

/** Throws for a name that the view does not have: half a receipt must not leave. */
export function fill(template: string, view: View, write: (value: string) => string): string {
  return template.replace(templateTokens, (_token, section?: string, inner?: string, name?: string) => {
    const value = view[(section ?? name)!];
    if (section !== undefined) {
      if (!Array.isArray(value))
        throw new Error(`the mail template repeats "${section}", which is no list in its view`);
      return value.map((row: Row) => fill(inner!, { ...view, ...row }, write)).join('');
    }
    if (typeof value !== 'string') throw new Error(`the mail template names "${name}", which is no text in its view`);
    return write(oneLine(value));
  });
}
