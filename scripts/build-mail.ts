/**
 * Compiles the mail templates, so that a worker needs no MJML.
 *
 *   node --import tsx scripts/build-mail.ts           write activities/providers/mail/templates.generated.ts
 *   node --import tsx scripts/build-mail.ts --check   exit 1 when the committed file is stale
 *
 * A template is `templates/{name}.mjml`: its first comment is the text part, its title the subject.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { templateTokens } from '../activities/providers/mail/fill.ts';

const room = new URL('../activities/providers/mail/', import.meta.url);
const templatesUrl = new URL('templates/', room);
const generatedUrl = new URL('templates.generated.ts', room);

export interface CompiledTemplate {
  subject: string;
  html: string;
  text: string;
}

type Mjml2Html = (source: string, options: Record<string, unknown>) => Promise<{ html: string }>;
/** mjml ships CommonJS without types. */
const mjml2html: Mjml2Html = createRequire(import.meta.url)('mjml');

/** `fonts: {}`: a receipt fetches nothing from anywhere, so that opening it tells nobody. */
const options = { validationLevel: 'strict', keepComments: false, ignoreIncludes: false, fonts: {} };

/** A token on a line of its own leaves no empty line behind in the text part. */
const tightenSections = (text: string) => text.replace(/^[ \t]*(\{\{[#/]\w+\}\})[ \t]*\n/gm, '$1');

/** Formatters write `{{ name }}`, which is the same. */
const tightenTokens = (part: string) => part.replace(/\{\{\s*(\w+)\s*\}\}/g, '{{$1}}');

/** Indentation is a third of MJML's output, and Gmail cuts a mail at 102 KB. */
const trimLines = (html: string) =>
  html
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');

/** Throws with the template's name and what is missing or malformed in it. */
export async function compileTemplate(name: string, source: string, directory: URL): Promise<CompiledTemplate> {
  const text = /^<!-- text\n([\s\S]*?)\n-->\n/.exec(source);
  if (!text)
    throw new Error(`${name}.mjml has no text part: begin it with a comment "<!-- text", closed before <mjml>`);
  const subject = /<mj-title>(.*?)<\/mj-title>/.exec(source)?.[1];
  if (!subject) throw new Error(`${name}.mjml has no <mj-title>, which is the subject: write one, on one line`);
  const filePath = fileURLToPath(new URL(`${name}.mjml`, directory));
  const { html } = await mjml2html(source.slice(text[0].length), { ...options, filePath, actualPath: filePath });
  const compiled = {
    subject: tightenTokens(subject),
    html: tightenTokens(trimLines(html)),
    text: tightenTokens(tightenSections(`${text[1]!}\n`)),
  };
  for (const [part, content] of Object.entries(compiled)) {
    const stray = /.{0,20}(\{\{|\}\}).{0,20}/.exec(content.replace(templateTokens, ''));
    if (stray)
      throw new Error(`${name}.mjml, ${part}: "${stray[0]}" is no placeholder; use {{name}} or {{#rows}}…{{/rows}}`);
  }
  return compiled;
}

/** The generated module's text: the same bytes for the same templates and the same MJML. */
export async function compileTemplates(directory: URL = templatesUrl): Promise<string> {
  const names = readdirSync(directory)
    .filter((file) => file.endsWith('.mjml'))
    .map((file) => file.slice(0, -'.mjml'.length))
    .sort();
  const compiled: Record<string, CompiledTemplate> = {};
  for (const name of names) {
    compiled[name] = await compileTemplate(name, readFileSync(new URL(`${name}.mjml`, directory), 'utf8'), directory);
  }
  return `// Written by scripts/build-mail.ts; change templates/*.mjml instead.\nexport const compiledTemplates = ${JSON.stringify(compiled, null, 2)} as const;\n`;
}

async function main(check: boolean): Promise<void> {
  const fresh = await compileTemplates();
  if (!check) {
    writeFileSync(generatedUrl, fresh);
    return;
  }
  if (existsSync(generatedUrl) && readFileSync(generatedUrl, 'utf8') === fresh) return;
  console.error('templates.generated.ts is stale: run `node --import tsx scripts/build-mail.ts` and commit the result');
  process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.includes('--check'));
