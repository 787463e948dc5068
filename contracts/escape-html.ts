const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For element content and quoted attributes, of HTML and of XML. */
export const escapeHtml = (value: string) => value.replace(/[&<>"']/g, (character) => entities[character]!);
