import type { Settings } from '../config.ts';
import { asDetentError, DetentError, type Problem } from '../errors.ts';
import type { MigrationFunction, MigrationStage } from '../migration.ts';
import type { HistoryRow } from '../ports/history.ts';
import type { ParsedScript, Statement } from '../ports/script.ts';
import type { StatementLimits } from '../ports/session.ts';
import type { Content, HookFile, MigrationFile } from '../ports/source.ts';
import { readMigrationModule, type Way } from '../scan/modules.ts';
import { isStages } from '../scan/stages.ts';

/** One direction of a migration, ready to run. */
export type Action<Db = unknown> =
  | { readonly kind: 'script'; readonly file: string; readonly statements: readonly Statement[] }
  | { readonly kind: 'code'; readonly file: string; readonly run: MigrationFunction<Db> }
  | { readonly kind: 'stages'; readonly file: string; readonly stages: readonly MigrationStage<Db>[] };

/** A migration whose content was read, once, and is what will run. */
export interface LoadedMigration<Db = unknown> {
  readonly up: Action<Db> | null;
  readonly down: Action<Db> | null;
  /** The text of a SQL `down`, for the history. */
  readonly downText: string | null;
  readonly transaction: 'each' | 'none' | null;
  readonly foreignKeys: boolean | undefined;
  readonly idempotent: boolean;
  readonly allow: readonly string[];
  readonly limits: StatementLimits;
  readonly notes: readonly string[];
}

type Reader = Pick<Settings, 'adapter' | 'placeholders'>;

/** Reads and parses both directions. Throws what is wrong with it. */
export async function loadMigration<Db>(file: MigrationFile, reader: Reader): Promise<LoadedMigration<Db>> {
  const up = await loadContent<Db>(file.up, file.down === null ? 'whole' : 'up', reader);
  if (file.down === null) return up;
  const down = await loadContent<Db>(file.down, 'down', reader);
  return {
    ...up,
    down: down.down,
    downText: down.downText,
    allow: [...up.allow, ...down.allow],
    notes: [...up.notes, ...down.notes],
  };
}

/** The way back as the history kept it, placeholders filled in. Throws `DOWN_MISSING` where there is none. */
export async function loadStoredDown<Db>(row: HistoryRow, reader: Reader): Promise<LoadedMigration<Db>> {
  if (row.downSource === null)
    throw downMissing(row.file, 'The history kept no text of its way back, because it is code or had none.');
  const script = await reader.adapter.parse({
    text: row.downSource,
    file: row.file,
    part: 'down',
    placeholders: null,
  });
  return fromScript(script, row.file);
}

/** `beforeMigrate` and `afterMigrate`. */
export async function loadHook<Db>(hook: HookFile, reader: Reader): Promise<LoadedMigration<Db>> {
  return loadContent<Db>(hook.content, hook.content.kind === 'code' ? 'whole' : 'up', reader);
}

async function loadContent<Db>(
  content: Content,
  part: 'whole' | 'up' | 'down',
  reader: Reader,
): Promise<LoadedMigration<Db>> {
  if (content.kind === 'script') {
    const text = await content.text();
    return fromScript<Db>(
      await reader.adapter.parse({ text, file: content.file, part, placeholders: reader.placeholders }),
      content.file,
    );
  }
  const module = readMigrationModule<Db>(await content.module(), content.file, part);
  const { file } = content;
  const code = (way: Way<Db> | undefined): Action<Db> | null => {
    if (way === undefined) return null;
    return isStages<Db>(way) ? { kind: 'stages', file, stages: way } : { kind: 'code', file, run: way };
  };
  return {
    up: code(module.up),
    down: code(module.down),
    downText: null,
    transaction: module.transaction ?? null,
    foreignKeys: module.foreignKeys,
    idempotent: module.idempotent ?? false,
    allow: [],
    limits: { lockMs: null, statementMs: null },
    notes: [],
  };
}

function fromScript<Db>(script: ParsedScript, file: string): LoadedMigration<Db> {
  const { directives } = script;
  return {
    up: { kind: 'script', file, statements: script.up },
    down: script.down === null ? null : { kind: 'script', file, statements: script.down },
    downText: script.downText,
    transaction: directives.transaction ?? null,
    foreignKeys: undefined,
    idempotent: directives.idempotent ?? false,
    allow: directives.allow ?? [],
    limits: { lockMs: directives.lockTimeoutMs ?? null, statementMs: directives.statementTimeoutMs ?? null },
    notes: script.notes.map((note) => `${file}:${note.line} ${note.message}`),
  };
}

export function downMissing(
  file: string,
  why: string,
  hint = 'Add a `down` (in SQL: `-- detent:down`), or choose the strategy "backup" or "both".',
): Problem {
  return new DetentError('DOWN_MISSING', `${file} has no way back. ${why}`.trim(), {
    hint,
    facts: { place: { file } },
  });
}

/** What was thrown while a file was read, as a problem of that file. */
export function loadProblem(thrown: unknown, file: string): Problem {
  return asDetentError(thrown, 'MODULE_LOAD', (words) => `${file} cannot be loaded: ${words}`);
}

/** Of how many statements or stages it is; `null` for a function. */
export function sizeOf(action: Action): number | null {
  switch (action.kind) {
    case 'script':
      return action.statements.length;
    case 'stages':
      return action.stages.length;
    case 'code':
      return null;
  }
}
