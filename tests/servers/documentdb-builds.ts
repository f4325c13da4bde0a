// What MongoDB shows of indexes that are being built, of the builds that go on here: for a client that is gone, too.
import { BSON } from 'bson';
import { serialize, valueOf } from './documentdb-bson.ts';
import type { Gateway, Running } from './documentdb-sessions.ts';

type Plain = Readonly<Record<string, unknown>>;

function* buildsIn({ running }: Gateway): Generator<readonly [number, Running]> {
  for (const each of running) if (each[1].command.name === 'createIndexes') yield each;
}

/** Beside a client's operation, which only waits, the server has one of its own that counts. */
export async function builders(gateway: Gateway): Promise<readonly Plain[]> {
  const builds = [...buildsIn(gateway)];
  return Promise.all(
    builds.map(async ([opid, { command, process }], place) => {
      const [collection, indexes] = ['createIndexes', 'indexes'].map((name) => valueOf(command.elements.get(name)));
      const progress = await progressOf(gateway, process);
      const scanning = 'Index Build: scanning collection';
      return {
        type: 'op',
        desc: `IndexBuildsCoordinatorMongod-${place}`,
        active: true,
        opid: -opid,
        op: 'command',
        ns: `${String(valueOf(command.elements.get('$db')))}.${String(collection)}`,
        command: { createIndexes: collection, indexes },
        ...(progress === null ? {} : { msg: `${scanning} ${scanning}: ${progress.done}/${progress.total}`, progress }),
      };
    }),
  );
}

/** What PostgreSQL says of it; `null` while it waits to begin. */
async function progressOf(
  { pool }: Gateway,
  process: number,
): Promise<{ readonly done: number; readonly total: number } | null> {
  const { rows } = await pool.query<{ done: string; total: string }>(
    'SELECT blocks_done AS done, blocks_total AS total FROM pg_stat_progress_create_index WHERE pid = $1',
    [process],
  );
  const [row] = rows;
  return row === undefined ? null : { done: Number(row.done), total: Number(row.total) };
}

/** Those that are not ready are listed too, and with `includeBuildUUIDs` they are told apart. */
export function withBuilds(
  gateway: Gateway,
  { database, collection, tellsApart }: { database: string; collection: string; tellsApart: boolean },
  page: Buffer,
): Buffer {
  const building = [...buildsIn(gateway)].flatMap(
    ([
      opid,
      {
        command: { elements },
      },
    ]) => {
      if (valueOf(elements.get('$db')) !== database || valueOf(elements.get('createIndexes')) !== collection) return [];
      const indexes = valueOf(elements.get('indexes')) as readonly Plain[];
      return indexes.map((index) => {
        const spec = { v: 2, ...index };
        const entry = tellsApart ? { spec, buildUUID: new BSON.UUID(Buffer.alloc(16, opid)) } : spec;
        return { name: index['name'], entry };
      });
    },
  );
  if (building.length === 0) return page;
  const { cursor, ...rest } = BSON.deserialize(page, { promoteValues: false }) as { cursor: { firstBatch: Plain[] } };
  const known = new Set(cursor.firstBatch.map(({ name }) => name));
  const firstBatch = [
    ...cursor.firstBatch,
    ...building.filter(({ name }) => !known.has(name)).map(({ entry }) => entry),
  ];
  return serialize({ ...rest, cursor: { ...cursor, firstBatch } });
}
