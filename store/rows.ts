/** A row as PostgreSQL gives it: what is optional in `T` is null here. */
export type Row<T> = { [Key in keyof T]-?: undefined extends T[Key] ? Exclude<T[Key], undefined> | null : T[Key] };

/** The row with its nulls left out. */
export function fromRow<T extends object>(row: Row<T>): T {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as T;
}

/** Unchanged but for U+0000, which PostgreSQL's text cannot hold. */
export const storableText = (text: string) => text.replaceAll('\0', '\u{FFFD}');
