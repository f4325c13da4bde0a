import type { PoolClient } from 'pg';

/** Where a cursor goes on. */
export interface Cursor {
  readonly place: Buffer;
  /** What the engine keeps of it is in this connection, which is the cursor's alone; `null`: any other goes on as well. */
  readonly connection: PoolClient | null;
}

export interface Cursors {
  keep(id: string, cursor: Cursor): void;
  /** The cursor, which is not kept any more; `undefined` when there is none. */
  take(id: string): Cursor | undefined;
  /** Its connection is given back. */
  kill(id: string): void;
  /** The connection is a cursor's. */
  hold(connection: PoolClient): boolean;
}

/** Nobody asked for more in so long: the client is gone. */
const LIFETIME_MS = 60_000;

export function createCursors(): Cursors {
  const open = new Map<string, { readonly cursor: Cursor; readonly expiry: NodeJS.Timeout }>();
  const take = (id: string): Cursor | undefined => {
    const found = open.get(id);
    clearTimeout(found?.expiry);
    open.delete(id);
    return found?.cursor;
  };
  const kill = (id: string): void => take(id)?.connection?.release(true);
  return {
    keep(id, cursor) {
      open.set(id, { cursor, expiry: setTimeout(() => kill(id), LIFETIME_MS).unref() });
    },
    take,
    kill,
    hold: (connection) => [...open.values()].some(({ cursor }) => cursor.connection === connection),
  };
}
