import type { ObjectSum } from '@detent/core';
import { hashesSql, type DataTable } from './data-tables.ts';
import type { Link } from './link.ts';
import { beginSnapshot } from './snapshot.ts';
import type { Wire } from './wire.ts';

/** Adds up what stands for rows, so that their order does not matter. */
export interface RowCounter {
  /** `hash`: the twelve bytes of the server's; throws where it gave none. */
  add(hash: Buffer | null | undefined): void;
  readonly sum: ObjectSum;
}

const HALF = 6;
const TURN = 2 ** 48;

export function countRows(name: string): RowCounter {
  let rows = 0;
  let [first, second] = [0, 0];
  return {
    add(hash) {
      if (hash?.length !== 2 * HALF) throw new Error(`the server could not sum up a row of ${name}`);
      rows += 1;
      // Both stay below 2^48, so that their sum is exact.
      first = (first + hash.readUIntBE(0, HALF)) % TURN;
      second = (second + hash.readUIntBE(HALF, HALF)) % TURN;
    },
    get sum() {
      return { name, rows, checksum: `sha2:${first.toString(16)}:${second.toString(16)}` };
    },
  };
}

/** What decides how the server writes values, once for a connection that reads rows. */
export const FIXED_TEXT: string =
  'SET SESSION character_set_client = utf8mb4, SESSION character_set_connection = utf8mb4, SESSION character_set_results = utf8mb4, ' +
  "SESSION time_zone = '+00:00', SESSION sql_mode = '', SESSION sql_select_limit = DEFAULT, SESSION net_write_timeout = 3600" +
  // One of them is MariaDB's, the other MySQL's: neither reads what is not its own.
  ' /*M! , SESSION max_statement_time = 0 */ /*!80000 , SESSION max_execution_time = 0 */';

/** With `FIXED_TEXT`. By name. */
export async function sumsIn(wire: Wire, schema: string, tables: readonly DataTable[]): Promise<readonly ObjectSum[]> {
  const sums: ObjectSum[] = [];
  for (const table of tables) if (table.kind === 'user') sums.push(await sumOf(wire, schema, table));
  return sums;
}

export async function sumOf(wire: Wire, schema: string, table: DataTable): Promise<ObjectSum> {
  const counter = countRows(table.name);
  await wire.rows(hashesSql(schema, table), ([hash]) => {
    counter.add(hash);
    return undefined;
  });
  return counter.sum;
}

/** Every table's, in one snapshot. */
export async function contentSums(link: Link): Promise<readonly ObjectSum[]> {
  const { schema } = await link.books();
  const { wire } = link;
  await link.ask(FIXED_TEXT);
  try {
    return await sumsIn(wire, schema, await beginSnapshot(link));
  } finally {
    if (wire.isOpen) await wire.run('ROLLBACK');
  }
}
