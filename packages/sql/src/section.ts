import type { ScriptNote, Statement } from '@detent/core';
import type { Dialect } from './dialect.ts';
import { nameOf, readStatement, type StatementReader } from './statement-reader.ts';

/** What shows only when the statements of one direction are seen together. */
export function finishSection(
  statements: readonly Statement[],
  dialect: Dialect,
  ownTransaction: 'keep' | 'take over',
): { statements: readonly Statement[]; notes: readonly ScriptNote[] } {
  const known = excuseReplacedTables(separateNewEnumValues(statements, dialect), dialect);
  return ownTransaction === 'keep' ? { statements: known, notes: [] } : takeOverTransaction(known, dialect);
}

/** A file that wraps itself in BEGIN and COMMIT means what Detent does anyway. Settings may stand before and after. */
function takeOverTransaction(
  statements: readonly Statement[],
  dialect: Dialect,
): { statements: readonly Statement[]; notes: readonly ScriptNote[] } {
  const unchanged = { statements, notes: [] };
  const controls = statements.filter(({ kind }) => kind === 'transaction');
  const [begin, commit] = controls;
  if (begin === undefined || commit === undefined || controls.length !== 2) return unchanged;
  const outside = [
    ...statements.slice(0, statements.indexOf(begin)),
    ...statements.slice(statements.indexOf(commit) + 1),
  ];
  if (!outside.every(({ kind }) => kind === 'session' || kind === 'query')) return unchanged;
  if (!PLAIN_BEGIN.test(wordsOf(begin, dialect)) || !PLAIN_COMMIT.test(wordsOf(commit, dialect))) return unchanged;
  return {
    statements: statements.filter(({ kind }) => kind !== 'transaction'),
    notes: [
      {
        message: `${begin.text} and ${commit.text} of the file were taken over by Detent's own transaction.`,
        line: begin.line,
      },
    ],
  };
}

const PLAIN_BEGIN = /^(BEGIN( (DEFERRED|IMMEDIATE|EXCLUSIVE))?( TRANSACTION| WORK)?|START TRANSACTION)$/;
const PLAIN_COMMIT = /^(COMMIT|END)( TRANSACTION| WORK)?$/;

function wordsOf(statement: Statement, dialect: Dialect): string {
  const reader = readStatement(statement.text, dialect);
  return [0, 1, 2, 3]
    .map((index) => reader.at(index))
    .join(' ')
    .trim();
}

/** A table that is dropped to put another in its place, or that this same section made, loses nothing. */
function excuseReplacedTables(statements: readonly Statement[], dialect: Dialect): readonly Statement[] {
  if (!statements.some(({ destroys }) => destroys === 'drop-table')) return statements;
  const madeAt = new Map<string, number>();
  const replacedAt = new Map<string, number>();
  const readers = statements.map(({ text, kind }) => (kind === 'ddl' ? readStatement(text, dialect) : null));
  readers.forEach((reader, index) => {
    if (reader === null) return;
    const made = madeTable(reader);
    if (made !== null && !madeAt.has(made)) madeAt.set(made, index);
    const renamed = renamedTo(reader);
    if (renamed !== null) replacedAt.set(renamed, index);
  });
  return statements.map((statement, index) => {
    const reader = readers[index] ?? null;
    const name = statement.destroys !== 'drop-table' || reader === null ? null : droppedTable(reader);
    if (name === null) return statement;
    const kept = (replacedAt.get(name) ?? -1) > index || (madeAt.get(name) ?? Infinity) < index;
    return kept ? { ...statement, destroys: null } : statement;
  });
}

/** `null` when several are dropped. */
function droppedTable(reader: StatementReader): string | null {
  const at = reader.at(2) === 'IF' ? 4 : 2;
  const [name, behind] = lastPart(reader, at);
  return behind === '' || behind === 'CASCADE' || behind === 'RESTRICT' ? name : null;
}

function renamedTo(reader: StatementReader): string | null {
  if (reader.at(0) !== 'ALTER' || reader.at(1) !== 'TABLE') return null;
  let name: string | null = null;
  let named = false;
  reader.some((token, previous) => {
    if (named) name = nameOf(token);
    named = token === 'TO' && previous === 'RENAME';
    return name !== null;
  });
  return name;
}

function madeTable(reader: StatementReader): string | null {
  if (reader.at(0) !== 'CREATE') return null;
  let at = 1;
  while (['TEMP', 'TEMPORARY', 'UNLOGGED', 'OR', 'REPLACE'].includes(reader.at(at))) at += 1;
  // IF NOT EXISTS may have found a table with rows.
  return reader.at(at) === 'TABLE' && reader.at(at + 1) !== 'IF' ? lastPart(reader, at + 1)[0] : null;
}

/** The last part of a dotted name at an index, and the token behind it. */
function lastPart(reader: StatementReader, index: number): [string, string] {
  const at = reader.at(index + 1) === '.' ? index + 2 : index;
  return [nameOf(reader.at(at)), reader.at(at + 1)];
}

/** PostgreSQL: a new value of an enum cannot be used in the transaction that adds it. */
function separateNewEnumValues(statements: readonly Statement[], dialect: Dialect): readonly Statement[] {
  if (dialect.name !== 'postgres') return statements;
  return statements.map((statement, index) => {
    const [, value] =
      /^\s*alter\s+type\b[^;]*?\badd\s+value\s+(?:if\s+not\s+exists\s+)?('(?:[^']|'')*')/i.exec(statement.text) ?? [];
    const used = value !== undefined && statements.slice(index + 1).some(({ text }) => text.includes(value));
    return used ? { ...statement, transactional: false } : statement;
  });
}
