export { watchBlockers, type BlockerWatch } from './blockers.ts';
export { classify, rebuildsTable, type StatementClass } from './classify.ts';
export { DESTRUCTIONS, type Destruction } from './destroys.ts';
export { mariadb, mysql, postgres, sqlite, type Dialect } from './dialect.ts';
export {
  checkColumns,
  checkLayout,
  historyStatements,
  ledgerGone,
  type HistoryPlace,
  type HistoryStatements,
} from './history.ts';
export {
  ENTRY_COLUMNS,
  EVENT_COLUMNS,
  LAYOUT,
  LOCK_COLUMNS,
  ROW_COLUMNS,
  type Column,
  type ColumnType,
} from './history-columns.ts';
export {
  entriesOf,
  eventValues,
  rowValues,
  toEntry,
  toEvent,
  toRow,
  type ColumnValue,
  type DatabaseRow,
} from './history-row.ts';
export { normalizeSql } from './normalize.ts';
export { onDemand } from './on-demand.ts';
export { quoteIdent, quoteLiteral } from './quote.ts';
export { parseScript } from './script.ts';
export { splitStatements, type SplitStatement } from './splitter.ts';
export { readStatement, type StatementReader } from './statement-reader.ts';
export { sqlTag } from './tag.ts';
