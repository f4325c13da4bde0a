import { hash, randomUUID } from 'node:crypto';
import type { Statement } from '@detent/core';
import { classify, mariadb, quoteIdent, readStatement } from '@detent/sql';
import { isTransactional } from './engine.ts';
import { translate } from './errors.ts';
import type { Link } from './link.ts';
import { literal } from './literal.ts';
import { distinct, namedIn, type Name } from './named.ts';
import type { Prepared } from './prepared.ts';
import { touchedBy } from './touched.ts';
import { isRefused, type TextRow } from './wire.ts';

/** What of a statement's doing a transaction does not take back. */
export type Beyond =
  | { readonly kind: 'nothing' }
  /** Rows of these tables, which know no transactions. */
  | { readonly kind: 'rows'; readonly tables: readonly Table[] }
  /** It commits: it changes the schema by this text, or nobody knows what it runs, where that is `null`. */
  | { readonly kind: 'commits'; readonly text: string | null };

export interface Table {
  readonly schema: string;
  readonly name: string;
}

export interface Coverage {
  /** Of a statement that runs next. */
  beyond(statement: Statement): Promise<Beyond>;
  /** How many of these, which run next, a transaction takes back, from the first. */
  covered(statements: readonly Statement[]): Promise<number>;
  /** What is known of tables may not be so any more, after this statement or after code. */
  forget(statement: Statement | null): void;
}

const NOTHING: Beyond = { kind: 'nothing' };

/** What these show is made when it is looked at. */
const VIRTUAL = new Set(['information_schema', 'performance_schema']);

/** What is behind a name: tables without transactions, among them those that its triggers write. */
type Behind = readonly Table[];

export function createCoverage(link: Link, prepared: Prepared): Coverage {
  /** By its spelling; empty for what is not there. */
  const known = new Map<string, Behind>();
  /** Tables that were made just now, and so have no triggers, which take the server longest to find. */
  const fresh = new Set<string>();

  /** Names that lead to one another are followed once. */
  const tablesBehind = async (names: readonly Name[], seen: Set<string>): Promise<Behind> => {
    const found: Table[] = [];
    for (const name of names) {
      const key = keyOf(name);
      if (seen.has(key)) continue;
      seen.add(key);
      const behind = known.get(key) ?? (await lookBehind(name, seen));
      known.set(key, behind);
      found.push(...behind);
    }
    return found;
  };
  const lookBehind = async ({ schema, name }: Name, seen: Set<string>): Promise<Behind> => {
    const place = schema === null ? 'DATABASE()' : literal(schema);
    const triggersSql = `SELECT ACTION_STATEMENT AS body FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = ${place} AND EVENT_OBJECT_TABLE = ${literal(name)}`;
    const [table, triggers] = await link.ask(
      `SELECT TABLE_SCHEMA AS place, TABLE_TYPE AS type, ENGINE AS engine FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${place} AND TABLE_NAME = ${literal(name)}`,
      ...(fresh.has(keyOf({ schema, name })) ? [] : [triggersSql]),
    );
    const row = table?.rows[0];
    if (row === undefined || VIRTUAL.has(row['place']?.toLowerCase() ?? '')) return [];
    const bodies = [
      ...(triggers?.rows ?? []),
      ...(row['type'] === 'VIEW' ? await viewBody(link, place, name) : []),
    ].map(({ body }) => body ?? '');
    const further: Behind[] = [];
    for (const body of bodies) further.push(await tablesBehind(namedIn(body).tables, seen));
    const engine = row['engine'] ?? null;
    const isOwn = engine !== null && !isTransactional(engine);
    return [...(isOwn ? [{ schema: row['place'] ?? '', name }] : []), ...further.flat()];
  };

  /** Of a text, and of the procedures that it calls. */
  const beyondText = async (text: string, isProcedure: boolean, seen: Set<string>): Promise<Beyond> => {
    const { tables, procedures, mayCommit } = namedIn(text);
    if (isProcedure && mayCommit) return { kind: 'commits', text: null };
    const rows = [...(await tablesBehind(tables, seen))];
    for (const { schema, name } of procedures) {
      const key = JSON.stringify(['procedure', schema, name]);
      if (seen.has(key)) continue;
      seen.add(key);
      const body = await procedureBody(link, schema === null ? 'DATABASE()' : literal(schema), name);
      if (body === undefined) continue;
      const beyond: Beyond = body === null ? { kind: 'commits', text: null } : await beyondText(body, true, seen);
      if (beyond.kind === 'commits') return beyond;
      if (beyond.kind === 'rows') rows.push(...beyond.tables);
    }
    return rows.length === 0 ? NOTHING : { kind: 'rows', tables: distinct(rows) };
  };

  const beyond = async ({ text, kind }: Statement): Promise<Beyond> => {
    if (kind !== 'data') return NOTHING;
    if (!EXECUTE.test(text)) return beyondText(text, /^\s*begin\b/i.test(text), new Set());
    const behind = await prepared.behind(text);
    if (behind === null) return { kind: 'commits', text: null };
    const found = classify(behind, mariadb);
    if (!found.transactional) return { kind: 'commits', text: behind };
    return found.kind === 'data' ? beyondText(behind, false, new Set()) : NOTHING;
  };

  return {
    beyond,

    forget(statement) {
      if (statement !== null && keepsEngines(statement)) return;
      const made = statement === null ? null : tableMadeBy(statement);
      const isCovered = made !== null && link.makesCovered && !ENGINE.test(statement?.text ?? '');
      // Behind a view that was there before the table there is no more than there was.
      if (!isCovered) known.clear();
      if (made === null) fresh.clear();
      else fresh.add(keyOf(made));
      if (made !== null && isCovered) known.set(keyOf(made), []);
    },

    async covered(statements) {
      for (const [index, statement] of statements.entries()) {
        // What it runs is known when all before it has run.
        if (index > 0 && EXECUTE.test(statement.text)) return index;
        if ((await beyond(statement)).kind !== 'nothing') return index;
      }
      return statements.length;
    },
  };
}

const EXECUTE = /^\s*execute\b/i;

/** A table that may get an engine by its words, or by those of another table. */
const ENGINE = /\b(?:engine|type|like|union|connection)\b/i;
/** Indexes, and columns of a table: what it is called and where its rows are kept stays. */
const INDEX = /^\s*(?:create\s+(?:unique\s+)?|drop\s+)index\b/i;
const COLUMNS = /^\s*alter\s+table\s+[^()]*?\s+(?:add|drop|modify|change)\b/i;
const MOVES = /\b(?:engine|type|rename|partition|exchange|discard|import|convert)\b/i;

function keepsEngines({ text }: Statement): boolean {
  return INDEX.test(text) || (COLUMNS.test(text) && !MOVES.test(text));
}

function keyOf({ schema, name }: Name): string {
  return JSON.stringify([schema, name]);
}

/** `null` for any other statement, and where the table may have been there before. */
function tableMadeBy({ text }: Statement): Name | null {
  const reader = readStatement(text, mariadb);
  if (reader.at(0) !== 'CREATE' || reader.at(1) !== 'TABLE' || reader.at(2) === 'IF') return null;
  const touched = touchedBy(text);
  return touched.kind === 'objects' ? (touched.objects[0] ?? null) : null;
}

/** `undefined`: there is none of that name; `null`: it may not be looked at. */
async function procedureBody(link: Link, place: string, name: string): Promise<string | null | undefined> {
  const [answer] = await link.ask(
    `SELECT ROUTINE_DEFINITION AS body FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${place} AND ROUTINE_NAME = ${literal(name)} AND ROUTINE_TYPE = 'PROCEDURE'`,
  );
  const row = answer?.rows[0];
  return row === undefined ? undefined : (row['body'] ?? null);
}

async function viewBody(link: Link, place: string, name: string): Promise<readonly TextRow[]> {
  const [answer] = await link.ask(
    `SELECT VIEW_DEFINITION AS body FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ${place} AND TABLE_NAME = ${literal(name)}`,
  );
  return answer?.rows ?? [];
}

/** Hash of the rows of tables, as the server sums them up; what may not be read never looks the same twice. */
export async function rowsFingerprint(link: Link, tables: readonly Table[]): Promise<string> {
  const names = tables.map(({ schema, name }) => quoteIdent(mariadb, schema, name));
  const answers = await link.wire.run(`CHECKSUM TABLE ${names.join(', ')}`).catch((error: unknown) => {
    if (isRefused(error, ...DENIED)) return null;
    throw translate(error, link.target);
  });
  const sums = answers?.[0]?.rows.map((row) => Object.values(row)) ?? randomUUID();
  return `sha256:${hash('sha256', JSON.stringify(sums))}`;
}

/** No right to read a table or a column of it. */
const DENIED = [1142, 1143];
