import { postgres, quoteIdent } from '@detent/sql';
import type { Concurrent } from './concurrent.ts';
import { literal } from './inline.ts';
import { valueOf, type Link } from './link.ts';

type Build = Extract<Concurrent, { readonly kind: 'build' }>;
type Rebuild = Extract<Concurrent, { readonly kind: 'rebuild' }>;

/** An index that is not valid, and that nobody is building at this moment. */
interface Leftover {
  /** Quoted, with its schema. */
  readonly name: string;
  /** What it is made of, without its name and its table. */
  readonly definition: string;
}

/**
 * Drops what an earlier try of the same statement left when it was cut short: it is in the way of the new one, or would stay
 * for ever beside it; and `IF NOT EXISTS` would take it for good. Gives the names. Outside a transaction.
 */
export async function dropLeftovers(link: Link, statement: Concurrent): Promise<readonly string[]> {
  if (statement.kind === 'drop' || statement.kind === 'detach') return [];
  const found = await leftoversOf(link, statement);
  const dropped: string[] = [];
  for (const { name } of found) {
    try {
      await link.ask(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
      dropped.push(name);
    } catch (error) {
      // Such as one of a table behind the table, which belongs to the server.
      link.logger.warn(`The unfinished index ${name} could not be dropped: ${String(error)}`);
    }
  }
  return dropped;
}

async function leftoversOf(link: Link, statement: Build | Rebuild): Promise<readonly Leftover[]> {
  if (statement.kind === 'rebuild') return invalidIndexes(link, `${REBUILT} AND ${scopeOf(statement)}`);
  const { name, table } = statement;
  const onTable = `i.indrelid = ${regclass(table)}`;
  if (name !== null) return invalidIndexes(link, `${onTable} AND c.relname = ${literal(name.at(-1) ?? '')}`);
  const found = await invalidIndexes(link, onTable);
  if (found.length === 0) return [];
  const definition = await definitionOf(link, statement);
  return found.filter((index) => index.definition === definition);
}

async function invalidIndexes(link: Link, condition: string): Promise<readonly Leftover[]> {
  const [answer] = await link.ask(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name, ${madeOf('i')} AS definition ` +
      'FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid ' +
      `JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE NOT i.indisvalid AND ${condition} ` +
      // One that another session is building at this moment is its own affair.
      'AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)',
  );
  return (answer?.rows ?? []).map(({ name, definition }) => ({
    name: name ?? '',
    definition: definition ?? '',
  }));
}

function madeOf(index: string): string {
  return `concat_ws(' ', ${index}.indisunique, substring(pg_get_indexdef(${index}.indexrelid) from ' USING .*'))`;
}

/** What REINDEX makes beside an index, and what it puts aside: of the same definition and with a name that says so. */
const REBUILT =
  "c.relname ~ '_cc(new|old)[0-9]*$' AND EXISTS (SELECT 1 FROM pg_catalog.pg_index o " +
  `WHERE o.indrelid = i.indrelid AND o.indexrelid <> i.indexrelid AND ${madeOf('o')} = ${madeOf('i')})`;

function scopeOf({ of, name }: Rebuild): string {
  const withParts = (parent: string): string =>
    `SELECT ${parent}::oid UNION SELECT relid::oid FROM pg_partition_tree(${parent})`;
  switch (of) {
    case 'index':
      return `i.indrelid IN (SELECT x.indrelid FROM pg_catalog.pg_index x WHERE x.indexrelid IN (${withParts(regclass(name))}))`;
    case 'table':
      return onTables(`t.oid IN (${withParts(regclass(name))})`);
    case 'schema':
      return onTables(`t.relnamespace = to_regnamespace(${literal(quoteIdent(postgres, ...name))})`);
    case 'database':
      return 'true';
  }
}

/** On these tables, or on what the server keeps behind them for long values. */
function onTables(condition: string): string {
  return `EXISTS (SELECT 1 FROM pg_catalog.pg_class t WHERE i.indrelid IN (t.oid, t.reltoastrelid) AND ${condition})`;
}

/** The object of that name; NULL where there is none. */
export function regclass(name: readonly string[]): string {
  return `to_regclass(${literal(quoteIdent(postgres, ...name))})`;
}

/** As the server would write it: asked of an empty table of the same columns, whose name the definition may hold too. */
async function definitionOf(link: Link, { table, unique, definition }: Build): Promise<string | null> {
  const twin = `pg_temp.${quoteIdent(postgres, table.at(-1) ?? '')}`;
  try {
    const answers = await link.ask(
      'BEGIN',
      `CREATE TEMP TABLE ${quoteIdent(postgres, table.at(-1) ?? '')} (LIKE ${quoteIdent(postgres, ...table)}) ON COMMIT DROP`,
      `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ON ${twin} ${definition}`,
      `SELECT ${madeOf('i')} FROM pg_catalog.pg_index i WHERE i.indrelid = ${literal(twin)}::regclass`,
      'ROLLBACK',
    );
    return valueOf(answers[3]);
  } catch {
    // The statement itself will say what is wrong with it.
    return null;
  }
}
