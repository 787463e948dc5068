import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * What Node needs in front of a TypeScript file. Resolved from here, because a bare `tsx` is looked up from the working
 * directory.
 */
export function nodeArguments(file: string, args: readonly string[] = []): string[] {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return ['--import', loader, file, ...args];
}
