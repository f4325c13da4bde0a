import { asRows, isList } from './objects-rows.ts';
import type { Bookkeeping } from './bookkeeping.ts';
import { attachedQueries } from './objects-attached.ts';
import { attributeQueries } from './objects-attributes.ts';
import { inOrder, type Node, type Ordered } from './objects-order.ts';
import { tableQueries } from './objects-tables.ts';
import { typeQueries } from './objects-types.ts';
import type { Answer, TextRow } from './wire.ts';

/** Something with a name that commands make, in the order in which it can be made. */
export interface SchemaObject {
  readonly kind: string;
  /** As commands name it: `TABLE public.users`. */
  readonly label: string;
  readonly owner: string | null;
  readonly ddl: readonly string[];
}

/** `[grantor, grantee, privilege, may pass it on]`. */
export type Grant = readonly [string, string, string, boolean];

export interface Granted {
  /** As GRANT names it; of a column, `(column) TABLE public.users`. */
  readonly target: string;
  readonly owner: string;
  readonly grants: readonly Grant[];
}

export interface DefaultGrants {
  readonly role: string;
  readonly schema: string | null;
  readonly what: string;
  readonly grants: readonly Grant[];
}

export interface DatabaseSettings {
  readonly owner: string;
  readonly grants: readonly Grant[] | null;
  readonly comment: string | null;
  /** `[role or null, name, value]`. */
  readonly settings: readonly (readonly [string | null, string, string])[];
}

/** Everything in a database but its rows, as text that does not depend on numbers: equal schemas give equal texts. */
export interface Schema {
  readonly objects: readonly SchemaObject[];
  readonly granted: readonly Granted[];
  readonly defaults: readonly DefaultGrants[];
  /** `[what COMMENT ON names, the comment]`. */
  readonly comments: readonly (readonly [string, string])[];
  readonly database: DatabaseSettings;
}

/** What cannot be kept: what it is, and why. */
export interface Unfit {
  readonly type: string;
  readonly identity: string;
  readonly why: string;
}

export interface FoundSchema {
  readonly schema: Schema;
  readonly unfit: readonly Unfit[];
}

/** One query for each kind of thing. To be sent in a transaction whose search path is empty, so that every name shows its schema. */
export function schemaQueries(books: Bookkeeping, version: number): readonly string[] {
  return allQueries(books, version).map(({ text }) => text);
}

function allQueries(books: Bookkeeping, version: number) {
  return [...typeQueries(), ...tableQueries(books, version), ...attachedQueries(books), ...attributeQueries(books)];
}

/** Puts the answers together. Throws when what is found depends on itself. */
export function readSchema(books: Bookkeeping, version: number, answers: readonly Answer[]): FoundSchema {
  const byName = new Map(allQueries(books, version).map(({ name }, index) => [name, answers[index]?.rows ?? []]));
  const rows = (name: string): readonly TextRow[] => byName.get(name) ?? [];
  const attributes = new Set(['grants', 'default grants', 'comments', 'database', 'dependencies', 'aliases', 'unfit']);
  const nodes = [...byName].flatMap(([name, found]) => (attributes.has(name) ? [] : found.map(toNode)));
  const { ordered, labelOf } = inOrder(nodes, rows('dependencies'), rows('aliases'));
  const [database] = rows('database');
  return {
    schema: {
      objects: ordered.map(({ kind, label, owner, ddl }) => ({ kind, label, owner, ddl })),
      granted: rows('grants').map(({ target, owner, items }) => ({
        target: target ?? '',
        owner: owner ?? '',
        grants: asRows(items) as unknown as readonly Grant[],
      })),
      defaults: rows('default grants').map(({ role, schema, what, items }) => ({
        role: role ?? '',
        schema: schema ?? null,
        what: what ?? '',
        grants: asRows(items) as unknown as readonly Grant[],
      })),
      comments: rows('comments').flatMap((row) => commentOf(row, labelOf)),
      database: {
        owner: database?.['owner'] ?? '',
        grants: isList(database?.['items']) ? (asRows(database['items']) as unknown as readonly Grant[]) : null,
        comment: database?.['comment'] ?? null,
        settings: asRows(database?.['settings']) as unknown as DatabaseSettings['settings'],
      },
    },
    unfit: rows('unfit').map(({ type, identity, why }) => ({
      type: type ?? '',
      identity: identity ?? '',
      why: why ?? '',
    })),
  };
}

function toNode(row: TextRow): Node {
  return {
    kind: row['kind'] ?? '',
    key: `${row['class'] ?? ''}:${row['oid'] ?? ''}`,
    oid: row['oid'] ?? '',
    label: row['label'] ?? '',
    owner: row['owner'] ?? null,
    ddl: asRows(row['ddl']) as unknown as readonly string[],
    parents: asRows(row['parents']).map(String),
  };
}

/** Comments on what is not in the schema, such as Detent's own tables, are left out. */
function commentOf(row: TextRow, labelOf: Ordered['labelOf']): readonly (readonly [string, string])[] {
  const { type, identity, description } = row;
  const found = labelOf(`${row['class'] ?? ''}:${row['oid'] ?? ''}`);
  if (found === null || type === null || type === undefined) return [];
  const target = row['sub'] === '0' && found.exact ? found.label : commentTarget(type, identity ?? '');
  return [[target, description ?? '']];
}

function commentTarget(type: string, identity: string): string {
  switch (type) {
    case 'table column':
    case 'view column':
    case 'materialized view column':
    case 'composite type column':
      return `COLUMN ${identity}`;
    default:
      return `${type.toUpperCase()} ${identity}`;
  }
}
