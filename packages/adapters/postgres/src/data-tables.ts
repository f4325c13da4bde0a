import { quoteIdent, postgres } from '@detent/sql';
import type { Bookkeeping } from './bookkeeping.ts';
import { literal } from './inline.ts';
import { inSpace, notBooks, own } from './objects-sql.ts';
import { asRows } from './objects-rows.ts';
import type { Answer } from './wire.ts';

/** A table with rows of its own. */
export interface DataTable {
  /** For people: with its schema where that is not `public`. */
  readonly name: string;
  /** For commands. */
  readonly qualified: string;
  /** Quoted; those that a COPY carries. */
  readonly copied: readonly string[];
  /** Quoted, with those that are computed. */
  readonly columns: readonly string[];
  /** The text of each of them in a row `x`, as an expression. */
  readonly texts: readonly string[];
  /** `books`: the history. `extension`: rows that users gave to a table of an extension. */
  readonly kind: 'user' | 'books' | 'extension';
  /** Which rows of an extension's table are the user's; empty for all. */
  readonly condition: string;
  /** The file behind it was exchanged since the snapshot, by TRUNCATE or a rewrite: the snapshot does not see its rows. */
  readonly isReplaced: boolean;
  /** The user may read all of its rows. */
  readonly isReadable: boolean;
}

/**
 * A row shows its values as their types write them. A cast is faster and shows the same, but for types that have a cast of
 * their own: users may make one, and that of `char(n)` cuts blanks off.
 */
const AS_TEXT =
  "format(CASE WHEN a.atttypid < 16384 AND a.atttypid <> 'bpchar'::regtype AND (SELECT t.typtype = 'b' FROM pg_type t WHERE t.oid = a.atttypid) THEN 'x.%I::text' ELSE 'ROW(x.%I)::text' END, a.attname)";

/** The tables that a backup holds, by name. The lock stays out: it belongs to those who hold it. */
export function tablesSql(books: Bookkeeping): string {
  const { schema, history } = books;
  const { history: entries, event } = history.tableNames;
  const isBook = `(n.nspname = ${literal(schema)} AND c.relname IN (${literal(entries)}, ${literal(event)}))`;
  const list = (condition: string, item = 'quote_ident(a.attname)'): string =>
    `coalesce((SELECT json_agg(${item} ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped${condition}), '[]')`;
  const columns = (kind: string, condition: string): string =>
    `SELECT n.nspname, c.relname, ${kind} AS kind, ${condition} AS condition, ${list(" AND a.attgenerated = ''")} AS copied, ${list('')} AS columns, ${list('', AS_TEXT)} AS texts, ` +
    `c.relfilenode <> 0 AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid) AS replaced, ` +
    `has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid) AS readable FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`;
  return (
    `${columns(`CASE WHEN ${isBook} THEN 'books' ELSE 'user' END`, "''")} WHERE ${inSpace('n')} AND c.relkind = 'r' AND c.relpersistence <> 't' ` +
    `AND (${isBook} OR ${notBooks(books, 'n', 'c')}) AND ${own('pg_class', 'c.oid')} ` +
    `UNION ALL ${columns("'extension'", 'u.condition')} JOIN (SELECT t.oid, t.condition FROM pg_extension e, unnest(e.extconfig, e.extcondition) t (oid, condition)) u ON u.oid = c.oid WHERE c.relkind = 'r'`
  );
}

export function readTables(answer: Answer | undefined): readonly DataTable[] {
  const tables = (answer?.rows ?? []).map((row): DataTable => {
    const { nspname, relname, kind } = row;
    const qualified = quoteIdent(postgres, nspname ?? '', relname ?? '');
    return {
      name: nameOf(nspname ?? '', relname ?? ''),
      qualified,
      copied: asRows(row['copied']).map(String),
      columns: asRows(row['columns']).map(String),
      texts: asRows(row['texts']).map(String),
      kind: kind === 'books' || kind === 'extension' ? kind : 'user',
      condition: row['condition'] ?? '',
      isReplaced: row['replaced'] === 't',
      isReadable: row['readable'] === 't',
    };
  });
  return tables.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function nameOf(schema: string, table: string): string {
  const simple = (part: string): string => (/^[a-z_][a-z0-9_$]*$/.test(part) ? part : quoteIdent(postgres, part));
  return schema === 'public' ? simple(table) : `${simple(schema)}.${simple(table)}`;
}

/** The rows as the server writes them, without those of tables that inherit. */
export function copyOut({ qualified, copied, kind, condition }: DataTable): string {
  const list = copied.join(', ');
  return kind === 'extension'
    ? `COPY (SELECT ${list} FROM ${qualified} ${condition}) TO STDOUT`
    : `COPY ${qualified} (${list}) TO STDOUT`;
}
