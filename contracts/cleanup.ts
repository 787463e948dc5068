/** Rows deleted, by table; a table of which nothing was is absent. */
export type Deleted = Readonly<Record<string, number>>;

export interface CleanupInput {
  /** 2027-01-31, in UTC. */
  day: string;
}

export type CleanupResult =
  | { status: 'completed'; deleted: Deleted }
  /** The rest is the next day's. */
  | { status: 'expired'; deleted: Deleted };
