import type { Op } from './draft.ts';

/** What stands in the model of a database: tables with their columns and rows. */
interface Table {
  readonly columns: Set<string>;
  readonly rows: Set<number>;
}

/**
 * Whether `op` succeeds on a database on which exactly `trail` has taken effect. Pure.
 * It knows only what the kit's own migrations do.
 */
export function takesEffect(trail: readonly Op[], op: Op): boolean {
  return apply(replay(trail), op);
}

/** Changes the schema, so that some databases cannot undo it with a transaction. */
export function changesSchema(op: Op): boolean {
  return op.kind === 'create' || op.kind === 'drop' || op.kind === 'add-column' || op.kind === 'drop-column';
}

function replay(trail: readonly Op[]): Map<string, Table> {
  const tables = new Map<string, Table>();
  for (const op of trail) apply(tables, op);
  return tables;
}

function apply(tables: Map<string, Table>, op: Op): boolean {
  switch (op.kind) {
    case 'create':
      if (tables.has(op.table)) return false;
      tables.set(op.table, { columns: new Set(), rows: new Set() });
      return true;
    case 'drop':
      return tables.delete(op.table);
    case 'add-column': {
      const columns = tables.get(op.table)?.columns;
      if (columns === undefined || columns.has(op.column)) return false;
      columns.add(op.column);
      return true;
    }
    case 'drop-column':
      return tables.get(op.table)?.columns.delete(op.column) ?? false;
    case 'insert': {
      const rows = tables.get(op.table)?.rows;
      if (rows === undefined || rows.has(op.id)) return false;
      rows.add(op.id);
      return true;
    }
    case 'remove': {
      const table = tables.get(op.table);
      table?.rows.delete(op.id);
      return table !== undefined;
    }
    case 'refused':
      return false;
    case 'alone':
      return true;
  }
}
