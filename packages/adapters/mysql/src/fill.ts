import { mariadb, quoteIdent } from '@detent/sql';
import { copiedOf, type DataTable } from './data-tables.ts';
import type { Link } from './link.ts';

/** Literals of one statement, in characters; a field that is longer goes before in pieces. */
const STATEMENT = 1 << 20;
/** Rows go together up to here: more is no quicker, and takes memory that is given back late. */
const TOGETHER = 1 << 16;

/** Where rows go. */
export interface Filling {
  /** By the connection that fills. */
  readonly link: Link;
  /** The database of the tables. */
  readonly made: string;
  /** Statements that fill Detent's own tables, where these are now. */
  readonly books: string[];
}

/** Takes the rows of one table. */
export interface RowSink {
  /** A field whose literal would be longer is too long for a statement. */
  readonly longest: number;
  /** Sends the bytes of a field that is too long, and gives what stands for them in its row: text of no character set. */
  long(bytes: Buffer): Promise<string>;
  /** Adds a row of literals, one for each column that is copied. */
  add(fields: readonly string[]): Promise<void> | undefined;
  end(): Promise<void>;
}

/** Has to be ended before another is made. */
export async function createRowSink({ link, made, books }: Filling, table: DataTable): Promise<RowSink> {
  const { maxPacket } = await link.greeting();
  const most = Math.min(STATEMENT, Math.floor(maxPacket / 2));
  const isOwn = table.kind === 'books';
  const { schema } = await link.books();
  const place = quoteIdent(mariadb, isOwn ? schema : made, table.name);
  const columns = copiedOf(table).map(({ name }) => quoteIdent(mariadb, name));
  const head = `INSERT INTO ${place} (${columns.join(', ')}) VALUES `;
  const isVersioned = table.past !== 'none';
  if (isVersioned) await link.ask(takesPeriods(true));
  let rows: string[] = [];
  let length = 0;
  let variables: string[] = [];
  const send = async (): Promise<void> => {
    if (rows.length === 0) return;
    const text = head + rows.join(',');
    rows = [];
    length = 0;
    if (isOwn) books.push(text);
    else await link.wire.run(text);
  };
  const sendLong = async (row: string): Promise<void> => {
    await send();
    rows.push(row);
    await send();
    await link.ask(...variables.map((variable) => `SET ${variable} = NULL`));
    variables = [];
  };
  const sendBefore = async (row: string): Promise<void> => {
    await send();
    rows.push(row);
    length = row.length;
  };
  return {
    longest: isOwn ? Infinity : most / 2,
    async long(bytes) {
      const variable = `@detent_${variables.length}`;
      variables.push(variable);
      await sendInPieces(link, variable, bytes, most);
      return variable;
    },
    add(fields) {
      const row = `(${fields.join(',')})`;
      if (variables.length > 0) return sendLong(row);
      if (length + row.length > Math.min(TOGETHER, most)) return sendBefore(row);
      rows.push(row);
      length += row.length;
      return undefined;
    },
    async end() {
      await send();
      if (isVersioned) await link.ask(takesPeriods(false));
    },
  };
}

const takesPeriods = (is: boolean): string => `SET SESSION system_versioning_insert_history = ${Number(is)}`;

async function sendInPieces(link: Link, variable: string, bytes: Buffer, most: number): Promise<void> {
  const size = Math.floor(most / 2);
  await link.wire.run(`SET ${variable} = _binary ''`);
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.toString('hex', at, Math.min(at + size, bytes.length));
    await link.wire.run(`SET ${variable} = CONCAT(${variable}, _binary X'${part}')`);
  }
}
