/** What a world writes down in plain files: the engine's store and every process's log. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** Absolute paths. PostgreSQL's own files are not among them: personal data has its table there. */
export async function filesOfWorld(dir: string): Promise<string[]> {
  const folders = [path.join(dir, 'state', 'temporal'), path.join(dir, 'logs')];
  const listed = await Promise.all(
    folders.map(async (folder) => (await readdir(folder)).map((name) => path.join(folder, name))),
  );
  return listed.flat();
}

/** For each needle found, the files that hold it, by base name. Needles are named, so that a failure prints no secret. */
export async function filesWith(
  dir: string,
  needles: Readonly<Record<string, string>>,
): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const file of await filesOfWorld(dir)) {
    const content = await readFile(file);
    for (const [name, needle] of Object.entries(needles)) {
      if (content.includes(needle)) (found[name] ??= []).push(path.basename(file));
    }
  }
  return found;
}
