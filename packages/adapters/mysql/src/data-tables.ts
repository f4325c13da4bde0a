import { mariadb, quoteIdent } from '@detent/sql';
import { formOf, hashTerm, readTerms, type Column, type Form } from './data-columns.ts';
import type { Link } from './link.ts';
import { literal } from './literal.ts';

/** A table with rows that are kept. */
export interface DataTable {
  readonly name: string;
  readonly engine: string;
  /** `books`: Detent's history and ledger, which have no sum. The lock's table is never kept. */
  readonly kind: 'user' | 'books';
  /** Whether it keeps what its rows were, which is read and written with them. */
  readonly past: 'none' | 'by time' | 'by transaction';
  readonly columns: readonly Column[];
}

/** What a row of a backup is made of. */
export interface Copied {
  readonly name: string;
  readonly form: Form;
}

/** Every table of the schema, by name. */
export async function tablesOf(link: Link): Promise<readonly DataTable[]> {
  const books = await link.books();
  const { foldsNames } = await link.greeting();
  const place = literal(books.schema);
  const [tables, columns] = await link.ask(
    `SELECT TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${place} ` +
      "AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')",
    'SELECT TABLE_NAME AS tab, COLUMN_NAME AS name, DATA_TYPE AS type, EXTRA AS extra, GENERATION_EXPRESSION AS expression ' +
      `FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ${place} ORDER BY TABLE_NAME, ORDINAL_POSITION`,
  );
  const byTable = Map.groupBy(columns?.rows ?? [], ({ tab }) => tab ?? '');
  const fold = (name: string): string => (foldsNames ? name.toLowerCase() : name);
  const { history, event, lock } = books.history.tableNames;
  return (tables?.rows ?? [])
    .filter(({ name }) => fold(name ?? '') !== fold(lock))
    .map(({ name, type, engine }): DataTable => {
      const rows = byTable.get(name ?? '') ?? [];
      const found = rows.map(columnOf);
      const start = rows.find(({ expression }) => expression === 'ROW START');
      const isVersioned = type === 'SYSTEM VERSIONED';
      return {
        name: name ?? '',
        engine: engine ?? '',
        kind: [history, event].map(fold).includes(fold(name ?? '')) ? 'books' : 'user',
        past: !isVersioned ? 'none' : start?.['type'] === 'bigint' ? 'by transaction' : 'by time',
        columns: isVersioned && start === undefined ? [...found, ...PERIOD] : found,
      };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** They are there, and nobody lists them. */
const PERIOD: readonly Column[] = ['row_start', 'row_end'].map((name) => ({
  name,
  type: 'timestamp',
  generated: 'no',
}));

function columnOf(row: Readonly<Record<string, string | null>>): Column {
  const { name, type, extra, expression } = row;
  const isPeriod = expression === 'ROW START' || expression === 'ROW END';
  const [, how] = isPeriod ? [] : (/\b(VIRTUAL|STORED|PERSISTENT)\b/i.exec(extra ?? '') ?? []);
  return {
    name: name ?? '',
    type: type ?? '',
    generated: how === undefined ? 'no' : how.toUpperCase() === 'VIRTUAL' ? 'virtual' : 'stored',
  };
}

export function copiedOf({ columns }: DataTable): readonly Copied[] {
  return columns
    .filter(({ generated }) => generated === 'no')
    .map((column) => ({ name: column.name, form: formOf(column) }));
}

/** Each row as it is copied, with its hash behind it. */
export function readSql(schema: string, table: DataTable): string {
  const copied = table.columns.filter(({ generated }) => generated === 'no');
  const terms = [...readTerms(copied), ...(table.kind === 'books' ? ["''"] : [hashTerm(table.columns)])];
  return `SELECT ${terms.join(', ')} FROM ${placeOf(schema, table)}`;
}

/** The hash of each row alone. */
export function hashesSql(schema: string, table: DataTable): string {
  return `SELECT ${hashTerm(table.columns)} FROM ${placeOf(schema, table)}`;
}

function placeOf(schema: string, { name, past }: DataTable): string {
  return `${quoteIdent(mariadb, schema, name)}${past === 'none' ? '' : ' FOR SYSTEM_TIME ALL'}`;
}
