/** What the sandbox reports while it works. The library prints nothing: whoever starts a world decides what to show. */
export type WorldProgress =
  | {
      readonly kind: 'download';
      /** The executable that is fetched, as the catalog names it. */
      readonly name: string;
      /** Where it comes from, for a person: a pinned wheel or the SDK's own download. */
      readonly source: string;
      /** Folder that will hold the executable. */
      readonly destination: string;
      readonly receivedBytes: number;
      /** Size of the whole download, where it is known before it starts. */
      readonly totalBytes: number | undefined;
      readonly done: boolean;
    }
  | { readonly kind: 'starting'; readonly name: string }
  | { readonly kind: 'ready'; readonly name: string; readonly milliseconds: number };

export type OnProgress = (progress: WorldProgress) => void;

/** One line for a person, without a line break. */
export function progressLine(progress: WorldProgress): string {
  if (progress.kind === 'starting') return `${progress.name}: starting`;
  if (progress.kind === 'ready') return `${progress.name}: ready after ${(progress.milliseconds / 1000).toFixed(1)} s`;
  return `${progress.name}: ${downloadState(progress)} from ${progress.source} into ${progress.destination}`;
}

function downloadState(progress: Extract<WorldProgress, { kind: 'download' }>): string {
  if (progress.done) return `downloaded ${megabytes(progress.receivedBytes)}`;
  if (progress.totalBytes === undefined) return `downloading, ${megabytes(progress.receivedBytes)} so far,`;
  return `downloading ${megabytes(progress.receivedBytes)} of ${megabytes(progress.totalBytes)}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
