import type { Dialect } from './dialect.ts';
import type { StatementReader } from './statement-reader.ts';

/**
 * What `detent:allow` may name. An UPDATE of all rows is not among them: filling a new column is what migrations do.
 */
export const DESTRUCTIONS = [
  'drop-table',
  'drop-column',
  'drop-database',
  'drop-schema',
  'drop-owned',
  'drop-partition',
  'truncate',
  'delete-all',
] as const;

export type Destruction = (typeof DESTRUCTIONS)[number];

/** The data that a statement throws away for good; `null` for views, indexes and all that holds no rows. */
export function findDestruction(reader: StatementReader, dialect: Dialect): Destruction | null {
  switch (reader.at(0)) {
    case 'DROP':
      return dropped(reader, dialect);
    case 'ALTER':
      return altered(reader);
    case 'TRUNCATE':
      return 'truncate';
    case 'DELETE':
      return reader.some((token) => token === 'WHERE' || token === 'LIMIT') ? null : 'delete-all';
    default:
      return null;
  }
}

function dropped(reader: StatementReader, dialect: Dialect): Destruction | null {
  switch (reader.at(1)) {
    case 'TABLE':
      return 'drop-table';
    case 'DATABASE':
      return 'drop-database';
    case 'SCHEMA':
      return dialect.name === 'postgres' ? 'drop-schema' : 'drop-database';
    case 'OWNED':
      return 'drop-owned';
    case 'TYPE':
    case 'DOMAIN':
    case 'EXTENSION':
      return reader.some((token) => token === 'CASCADE') ? 'drop-column' : null;
    default:
      return null;
  }
}

/** Behind DROP in an ALTER: everything that is no column. */
const NO_COLUMN = new Set(
  `CONSTRAINT INDEX KEY PRIMARY FOREIGN CHECK DEFAULT NOT EXPRESSION IDENTITY STORAGE SYSTEM PERIOD`.split(' '),
);

function altered(reader: StatementReader): Destruction | null {
  const object = reader.at(1);
  if (object === 'TYPE')
    return reader.some((token, previous) => token === 'ATTRIBUTE' && previous === 'DROP') ? 'drop-column' : null;
  if (!hasRows(reader)) return null;
  let found: Destruction | null = null;
  reader.some((token, previous) => {
    if (previous === 'DROP' && !NO_COLUMN.has(token)) found = token === 'PARTITION' ? 'drop-partition' : 'drop-column';
    else if ((previous === 'TRUNCATE' && token === 'PARTITION') || (previous === 'DISCARD' && token === 'TABLESPACE'))
      found = 'truncate';
    return found !== null;
  });
  return found;
}

/** `ALTER TABLE`, also `ALTER IGNORE TABLE` and `ALTER ONLINE TABLE` of MariaDB. */
function hasRows(reader: StatementReader): boolean {
  return [1, 2, 3].some((index) => reader.at(index) === 'TABLE');
}
