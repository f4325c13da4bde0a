import type { HistoryStore } from '@detent/core';
export interface TableNames { readonly history: string; readonly events: string; readonly lock: string; readonly all: readonly string[] }
export function tableNames(table: string): TableNames {
  const [history, events, lock] = [table, `${table}_event`, `${table}_lock`];
  return { history, events, lock, all: [history, events, lock] };
}
export function createHistory(_: unknown): HistoryStore { return { init: async () => {}, } as never; }
