/** A form value as Stripe writes it: text, or a hash by name or index (`a[b][c]=1`, `a[0]=1`, `a[]=1`). */
export type FormValue = string | FormHash;
export interface FormHash {
  [name: string]: FormValue;
}

/** Without a prototype, so that no parameter name collides with an object's own. */
export function emptyHash(): FormHash {
  const hash: FormHash = Object.create(null);
  return hash;
}

function pathOf(name: string): string[] {
  const start = name.indexOf('[');
  if (start <= 0) return [name];
  const inner = [...name.slice(start).matchAll(/\[([^\]]*)\]/g)].map(([, key]) => key ?? '');
  return [name.slice(0, start), ...inner];
}

function put(target: FormHash, [head = '', ...rest]: string[], value: string): void {
  const key = head === '' ? String(Object.keys(target).length) : head;
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const existing = target[key];
  const inner = typeof existing === 'object' ? existing : emptyHash();
  target[key] = inner;
  put(inner, rest, value);
}

/** Reads `application/x-www-form-urlencoded` with nested brackets. */
export function parseForm(text: string): FormHash {
  const form = emptyHash();
  for (const [name, value] of new URLSearchParams(text)) put(form, pathOf(name), value);
  return form;
}

/** The same text for the same parameters in any order: what an idempotency key is compared by. */
export function canonicalForm(value: FormValue): string {
  if (typeof value === 'string') return JSON.stringify(value);
  const parts = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalForm(value[key] ?? '')}`);
  return `{${parts.join(',')}}`;
}
