/**
 * The workflow bundle, built once and named by what is in it: a worker never bundles at start, where a source that
 * differs from what the others run would go unnoticed. `npm run build:workflows` builds it.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const root = path.resolve(fileURLToPath(new URL('..', import.meta.url)));

async function sources(folders: readonly string[]): Promise<string[]> {
  const listed = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(path.join(root, folder), { recursive: true }))
        .filter((name) => /\.(ts|js)$/.test(name))
        .map((name) => path.join(folder, name)),
    ),
  );
  return listed.flat().toSorted();
}

async function bundleFile(folders: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  const { version } = createRequire(import.meta.url)('@temporalio/workflow/package.json') as { version: string };
  hash.update(version);
  for (const file of await sources(folders)) hash.update(`\0${file}\0`).update(await readFile(path.join(root, file)));
  return path.join(root, '.cache', `${folders[0]}-${hash.digest('hex').slice(0, 16)}.js`);
}

/** A module by its path without the suffix: sources here, compiled ones in an image. */
export const moduleAt = (name: string): string =>
  ['.ts', '.js'].map((suffix) => path.join(root, `${name}${suffix}`)).find((file) => existsSync(file))!;

/** They have to be in the bundle: a worker ignores those that are given to itself beside one. */
export const workflowInterceptorModules = (): string[] => [moduleAt('workflows/interceptors')];

/** Path of the bundle of the present sources; builds it (3 to 6 s) only where it does not exist yet. */
export const ensureWorkflowBundle = (): Promise<string> =>
  ensureBundle(['workflows', 'contracts'], 'workflows/index', workflowInterceptorModules());

/** The same for an entry elsewhere, without its suffix: what lies in `folders` is what it is made of. */
export async function ensureBundle(
  folders: readonly string[],
  entryName: string,
  interceptorModules: string[] = [],
): Promise<string> {
  const file = await bundleFile(folders);
  if (existsSync(file)) return file;
  const { code } = await bundleWorkflowCode({
    workflowsPath: moduleAt(entryName),
    workflowInterceptorModules: interceptorModules,
    logger: new DefaultLogger('WARN'),
  });
  await mkdir(path.dirname(file), { recursive: true });
  // Renamed into place: two builders at once both end with a whole file.
  const fresh = `${file}.${process.pid}`;
  await writeFile(fresh, code);
  await rename(fresh, file);
  return file;
}

/** `node --import tsx workers/bundle.ts [FILE]`: builds, copies to FILE where one is given, and says where it is. */
if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const bundle = await ensureWorkflowBundle();
  const wanted = process.argv[2] ?? bundle;
  if (wanted !== bundle) await copyFile(bundle, wanted);
  console.log(path.relative(process.cwd(), wanted));
}
