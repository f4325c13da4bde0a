import { hash } from 'node:crypto';
import { fromModules, type DatabaseMigrationHandler, type MigrationSource, type MigrationStage } from '@detent/core';
import { changesSchema } from './effects.ts';
import type { Language } from './target.ts';

/** One command of a migration, before it is put into the words of a database. */
export type Op =
  | { readonly kind: 'create'; readonly table: string }
  | { readonly kind: 'drop'; readonly table: string }
  | { readonly kind: 'add-column'; readonly table: string; readonly column: string }
  | { readonly kind: 'drop-column'; readonly table: string; readonly column: string }
  | { readonly kind: 'insert'; readonly table: string; readonly id: number }
  | { readonly kind: 'remove'; readonly table: string; readonly id: number }
  /** The server refuses it. */
  | { readonly kind: 'refused' }
  /** Cannot run in a transaction, and changes nothing. */
  | { readonly kind: 'alone' };

/** A migration as plain data, so that it can be sent to another process and be reasoned about. */
export interface Draft {
  readonly version: string;
  /** A script where the database has scripts, and stages where it has none. */
  readonly form: 'script' | 'code' | 'repeatable';
  readonly up: readonly Op[];
  /** `null`: there is no way back. */
  readonly down: readonly Op[] | null;
  /** What it says of itself; absent: as configured. */
  readonly transaction?: 'none';
}

export function commandOf<Db>(op: Op, language: Language<Db>): string {
  switch (op.kind) {
    case 'create':
      return language.createTable(op.table);
    case 'drop':
      return language.dropTable(op.table);
    case 'add-column':
      return language.addColumn(op.table, op.column);
    case 'drop-column':
      return language.dropColumn(op.table, op.column);
    case 'insert':
      return language.insert(op.table, op.id, `row ${op.id}`);
    case 'remove':
      return language.remove(op.table, op.id);
    case 'refused':
      return language.refused;
    case 'alone':
      return language.alone ?? '';
  }
}

export function commandsOf<Db>(ops: readonly Op[], language: Language<Db>): string[] {
  return ops.map((op) => commandOf(op, language)).filter((command) => command !== '');
}

/** What the history calls it. */
export function idOf(draft: Draft): string {
  return draft.form === 'repeatable' ? `R__r${draft.version}` : draft.version;
}

function isScript<Db>(draft: Draft, language: Language<Db>): boolean {
  return draft.form !== 'code' && language.extension !== null;
}

function fileOf<Db>(draft: Draft, language: Language<Db>): string {
  const extension = isScript(draft, language) ? language.extension : '.js';
  return draft.form === 'repeatable'
    ? `R__r${draft.version}${extension}`
    : `V${draft.version}_m${draft.version}${extension}`;
}

/** The migrations as a source. `beforeOp` is called before each command of a code migration. */
export function sourceOf<Db>(
  drafts: readonly Draft[],
  language: Language<Db>,
  beforeOp: (op: Op) => Promise<void> | void = () => undefined,
): MigrationSource {
  const checksums: Record<string, string> = {};
  const modules: [string, string | Record<string, unknown>][] = drafts.map((draft) => {
    const file = fileOf(draft, language);
    if (isScript(draft, language)) return [file, scriptOf(draft, language)];
    checksums[file] = `v1:sha256:${hash('sha256', JSON.stringify(draft))}`;
    return [file, codeOf(draft, language, beforeOp)];
  });
  return fromModules(modules, { checksums });
}

function scriptOf<Db>(draft: Draft, language: Language<Db>): string {
  const part = (ops: readonly Op[]): string[] => commandsOf(ops, language).map((command) => `${command};`);
  const lines = [
    ...(draft.transaction === undefined ? [] : ['-- detent:transaction none']),
    '-- detent:up',
    ...part(draft.up),
    ...(draft.down === null ? [] : ['-- detent:down', ...part(draft.down)]),
  ];
  return `${lines.join('\n')}\n`;
}

function codeOf<Db>(
  draft: Draft,
  language: Language<Db>,
  beforeOp: (op: Op) => Promise<void> | void,
): Record<string, unknown> {
  const one = async (db: Db, op: Op, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    await beforeOp(op);
    await language.run(db, commandOf(op, language));
  };
  const stages = (ops: readonly Op[]): MigrationStage<Db>[] =>
    ops.map((op, index) => ({
      // What is done is known by its name, and each command is done once.
      name: `${index + 1} ${JSON.stringify(op)}`,
      kind: changesSchema(op) || op.kind === 'alone' ? 'schema' : 'data',
      run: (db, _info, { signal }) => one(db, op, signal),
    }));
  const runner = (ops: readonly Op[]) => {
    if (draft.form !== 'code') return stages(ops);
    return async (db: Db, _info: unknown, { signal }: DatabaseMigrationHandler<Db>) => {
      for (const op of ops) await one(db, op, signal);
      return `${ops.length} commands`;
    };
  };
  return {
    up: runner(draft.up),
    ...(draft.down === null ? {} : { down: runner(draft.down) }),
    ...(draft.transaction === undefined ? {} : { transaction: draft.transaction }),
  };
}
