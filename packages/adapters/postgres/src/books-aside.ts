import { randomBytes } from 'node:crypto';
import type { Bookkeeping } from './bookkeeping.ts';
import { literal } from './inline.ts';
import type { Link } from './link.ts';
import { makeBooks } from './rebuild-rows.ts';

/** What the archive has of Detent's own tables goes into those that are there, whose layout may be newer. */
export interface BooksAside {
  bringBack(): Promise<void>;
}

/**
 * Gives the history and its ledger other names, so that the archive can make its own. The lock's table, which the archive
 * leaves out, is not touched: others look there for who holds the lock.
 */
export async function moveAside(link: Link, books: Bookkeeping): Promise<BooksAside> {
  await makeBooks(link, books);
  const { history, event } = books.history.tables;
  const tables = `${literal(history)}::regclass, ${literal(event)}::regclass`;
  const [answer] = await link.ask(partsSql(tables));
  const mark = `detent_aside_${randomBytes(6).toString('hex')}`;
  const moved = (answer?.rows ?? []).map(({ kind, oid, schema, name, is }, index) => ({
    back: `ALTER ${kind ?? ''} ${schema ?? ''}.${mark}_${index} RENAME TO ${name ?? ''}`,
    away: `ALTER ${kind ?? ''} ${schema ?? ''}.${name ?? ''} RENAME TO ${mark}_${index}`,
    aside: `${schema ?? ''}.${mark}_${index}`,
    oid,
    is,
  }));
  await link.ask(...moved.map(({ away }) => away));
  return {
    async bringBack() {
      for (const [table, is] of [
        [history, 'history'],
        [event, 'event'],
      ] as const) {
        const aside = moved.find((part) => part.is === is)?.aside ?? '';
        await link.ask(`DELETE FROM ${aside}`);
        const [found] = await link.ask(columnsSql(table));
        const columns = found?.rows.map(({ name }) => name ?? '') ?? [];
        if (columns.length === 0) continue;
        const list = columns.join(', ');
        await link.ask(
          `INSERT INTO ${aside} (${list}) OVERRIDING SYSTEM VALUE SELECT ${list} FROM ${table}`,
          `DROP TABLE ${table}`,
        );
      }
      await link.ask(...moved.map(({ back }) => back));
    },
  };
}

/** The tables, and what has a name of its own along with them. */
function partsSql(tables: string): string {
  return (
    "SELECT CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'S' THEN 'SEQUENCE' ELSE 'INDEX' END AS kind, c.oid, quote_ident(n.nspname) AS schema, quote_ident(c.relname) AS name, " +
    `CASE WHEN c.relkind = 'r' THEN CASE (ARRAY[${tables}])[1] WHEN c.oid THEN 'history' ELSE 'event' END END AS is ` +
    `FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid IN (${tables}) ` +
    `OR c.oid IN (SELECT i.indexrelid FROM pg_index i WHERE i.indrelid IN (${tables})) ` +
    `OR c.relkind = 'S' AND c.oid IN (SELECT d.objid FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid IN (${tables}) AND d.deptype IN ('a', 'i')) ` +
    'ORDER BY c.oid'
  );
}

/** None where the table is not there. */
function columnsSql(table: string): string {
  return `SELECT quote_ident(a.attname) AS name FROM pg_attribute a WHERE a.attrelid = to_regclass(${literal(table)}) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;
}

/** What users made that stands on the history; it could not be moved from one table to the other. */
export function leaningOnBooksSql({ history: { tables } }: Bookkeeping): string {
  const books = `to_regclass(${literal(tables.history)}), to_regclass(${literal(tables.event)})`;
  return (
    "SELECT DISTINCT CASE WHEN d.classid = 'pg_rewrite'::regclass THEN 'view ' || (SELECT w.ev_class::regclass FROM pg_rewrite w WHERE w.oid = d.objid) " +
    'ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END AS name FROM pg_depend d ' +
    `WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid IN (${books}) AND d.deptype = 'n'`
  );
}
