import type { Bookkeeping } from './bookkeeping.ts';
import { literal } from './inline.ts';

/**
 * What the queries over the catalogues have in common. Each gives rows of `kind`, `class` and `oid` — the object's address
 * in pg_depend —, `label`, by which commands name it, `owner`, and `ddl`, a list of the commands that make it.
 */
export interface ObjectQuery {
  readonly name: string;
  readonly text: string;
}

/** In a schema that is not the server's. */
export function inSpace(namespace: string): string {
  return `${namespace}.nspname !~ '^pg_' AND ${namespace}.nspname <> 'information_schema'`;
}

/** Made by nobody's command but its own: extensions make their members, and types make others along. */
export function own(catalogue: string, oid: string, along = false): string {
  const types = along ? "('e', 'i')" : "('e')";
  return `NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.classid = '${catalogue}'::regclass AND x.objid = ${oid} AND x.deptype IN ${types})`;
}

/** Not one of Detent's tables. */
export function notBooks(books: Bookkeeping, namespace: string, relation: string): string {
  const names = books.own.map(literal).join(', ');
  return `NOT (${namespace}.nspname = ${literal(books.schema)} AND ${relation}.relname IN (${names}))`;
}

export function select(
  kind: string,
  catalogue: string,
  oid: string,
  parts: { readonly label: string; readonly owner?: string; readonly ddl: readonly string[]; readonly more?: string },
): string {
  const list = `ARRAY[${parts.ddl.join(', ')}]::text[]${parts.more === undefined ? '' : ` || ${parts.more}`}`;
  return (
    `SELECT ${kind} AS kind, '${catalogue}'::regclass::oid AS class, ${oid} AS oid, ${parts.label} AS label, ` +
    `${parts.owner === undefined ? 'NULL' : `${parts.owner}::regrole::text`} AS owner, ` +
    `to_json(array_remove(${list}, NULL)) AS ddl`
  );
}

/** ` WITH (name='value', …)`, or nothing; `prefix` stands before each name. */
export function optionsOf(...lists: readonly { readonly options: string; readonly prefix: string }[]): string {
  const each = lists.map(
    ({ options, prefix }) =>
      `SELECT ${literal(prefix)} AS prefix, place, ${literal(prefix)} || quote_ident(name) || '=' || quote_literal(value) AS line ` +
      `FROM pg_options_to_table(${options}) WITH ORDINALITY AS o (name, value, place)`,
  );
  return `(SELECT ' WITH (' || string_agg(line, ', ' ORDER BY prefix, place) || ')' FROM (${each.join(' UNION ALL ')}) AS options)`;
}

/** ` COLLATE schema.name` where it is not that of the type. */
export function collationOf(collation: string, ofType: string): string {
  return (
    `(SELECT format(' COLLATE %I.%I', cn.nspname, co.collname) FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace ` +
    `WHERE co.oid = ${collation} AND ${collation} <> ${ofType})`
  );
}
