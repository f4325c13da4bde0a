import type { Settings } from '../config.ts';
import { DetentError, type Problem } from '../errors.ts';
import { matchesApplied } from '../scan/selector.ts';
import { statementHash } from '../history/schema-version-service.ts';
import type { Plan, PlannedStep } from '../plan/plan.ts';
import type { HistoryRow } from '../ports/history.ts';
import type { MigrationFile } from '../ports/source.ts';
import type { Statement } from '../ports/script.ts';
import { downMissing, loadMigration, loadProblem, loadStoredDown, type Action, type LoadedMigration } from './load.ts';

/** A step with what it runs. */
export interface LoadedStep<Db = unknown> extends PlannedStep {
  readonly loaded: LoadedMigration<Db>;
}

export interface Loaded<Db> {
  readonly steps: readonly LoadedStep<Db>[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/** Where steps are loaded from. A file that was loaded once is not read again. */
export interface Loader<Db> {
  readonly settings: Settings<Db>;
  readonly rowOf: (id: string) => Promise<HistoryRow | null>;
  readonly known: WeakMap<MigrationFile, LoadedMigration<Db>>;
}

/** Loads every step and checks what can be checked before anything runs. All problems come back at once. */
export async function loadSteps<Db>(plan: Plan, loader: Loader<Db>): Promise<Loaded<Db>> {
  const { settings } = loader;
  const steps: LoadedStep<Db>[] = [];
  const problems: Problem[] = [];
  const warnings: string[] = [];
  for (const step of plan.steps) {
    try {
      const loaded = await loadStep<Db>(step, loader);
      steps.push({ ...step, loaded });
      problems.push(...checkStep(step, loaded, settings), ...(await checkProgress(step, loaded, loader)));
      warnings.push(...loaded.notes, ...emptiness(step, loaded), ...destructionWarnings(step, loaded, settings));
    } catch (thrown) {
      problems.push(loadProblem(thrown, step.info.file));
    }
  }
  return { steps, problems, warnings };
}

async function loadStep<Db>(step: PlannedStep, loader: Loader<Db>): Promise<LoadedMigration<Db>> {
  const { file, entry } = step;
  const isEdited =
    file !== null && entry !== null && step.info.direction === 'down' && matchesApplied(entry, file) === 'different';
  if (file !== null && !isEdited) return loadFile(file, loader);
  const row = entry === null ? null : await loader.rowOf(entry.id);
  if (row !== null && row.downSource !== null) return loadStoredDown<Db>(row, loader.settings);
  if (file !== null) return loadFile(file, loader);
  throw downMissing(step.info.file, 'Its file is gone, and the history kept no text of its way back.');
}

async function loadFile<Db>(file: MigrationFile, { settings, known }: Loader<Db>): Promise<LoadedMigration<Db>> {
  const loaded = known.get(file) ?? (await loadMigration<Db>(file, settings));
  known.set(file, loaded);
  return loaded;
}

/** A script that ran in part goes on after that part, so the part must still be what it was. */
async function checkProgress<Db>(
  step: PlannedStep,
  loaded: LoadedMigration<Db>,
  { rowOf }: Loader<Db>,
): Promise<Problem[]> {
  const action = loaded[step.info.direction];
  const row =
    step.reason === 'interrupted' && action !== null && action.kind !== 'code' ? await rowOf(step.info.id) : null;
  if (row === null || action === null || action.kind === 'code') return [];
  const { file } = step.info;
  const isScript = action.kind === 'script';
  const texts = isScript ? action.statements.map(({ text }) => text) : action.stages.map(({ name }) => name);
  const differs = row.statementHashes.findIndex((hash, index) => hash !== statementHash(texts[index] ?? ''));
  const which = row.version ?? row.id;
  if (differs === -1) return isScript ? lostValues(file, which, action.statements, row.statementsDone) : [];
  const [what, change] = isScript ? ['statement', 'edited'] : ['stage', 'moved or renamed'];
  return [
    new DetentError(
      'CHECKSUM',
      `${file} stopped after ${row.statementsDone} of its ${what}s, and ${what} ${differs + 1}, which ran, was ${change} since.`,
      {
        hint: `Put that part back as it was; or say what is so with \`detent resolve ${which} --as rolled_back\` or \`--as applied\`.`,
        facts: { place: { file, line: (isScript ? action.statements[differs]?.line : null) ?? 1 } },
      },
    ),
  ];
}

/** What the first `done` statements kept in a connection that is gone, and the others ask for. */
function lostValues(file: string, which: string, statements: readonly Statement[], done: number): Problem[] {
  const rest = statements.slice(done).map(({ text }) => text.toLowerCase());
  return statements.slice(0, done).flatMap(({ leaves, line, column }) => {
    if (leaves?.kind !== 'value' || !rest.some((text) => text.includes(leaves.name.toLowerCase()))) return [];
    return new DetentError(
      'UNKNOWN_STATE',
      `${file} stopped after ${done} of its statements, and the rest needs ${leaves.name}, which is gone with the connection that had it.`,
      {
        hint: `Undo by hand what stands or do the rest of it, then say so with \`detent resolve ${which} --as rolled_back\` or \`--as applied\`.`,
        facts: { place: { file, line, column } },
      },
    );
  });
}

const ADD_LATER = 'Add a `down` (in SQL: `-- detent:down`), and accept the edit with `detent repair`.';

function checkStep<Db>(step: PlannedStep, loaded: LoadedMigration<Db>, settings: Settings<Db>): Problem[] {
  const problems: Problem[] = [];
  const { direction, file } = step.info;
  const action = loaded[direction];
  if (direction === 'down' && action === null) problems.push(downMissing(file, '', ADD_LATER));
  if (action !== null) problems.push(...checkTransactions(action, loaded, settings));
  if (direction === 'up') {
    if (settings.rollback === 'down' && loaded.down === null) {
      problems.push(downMissing(file, 'The strategy "down" could not undo it.'));
    }
    if (settings.destructive === 'error')
      problems.push(...destructions(action, loaded).map((statement) => destructive(file, statement)));
  }
  return problems;
}

function checkTransactions<Db>(action: Action<Db>, loaded: LoadedMigration<Db>, settings: Settings<Db>): Problem[] {
  if (settings.transaction === 'all' && loaded.transaction === 'none') {
    return [
      unfit(
        action.file,
        1,
        1,
        'It asks for no transaction, but the run is one transaction.',
        'Set transaction to "each", or take the directive out.',
      ),
    ];
  }
  if (action.kind !== 'script' || modeOf(loaded, settings) === 'none') return [];
  const problems: Problem[] = [];
  for (const statement of action.statements) {
    const { line, column } = statement;
    if (statement.kind === 'transaction') {
      problems.push(
        unfit(
          action.file,
          line,
          column,
          'It begins or ends a transaction inside the one that Detent keeps.',
          'Take it out, or write `-- detent:transaction none` into the file.',
        ),
      );
    } else if (!statement.transactional && settings.transaction === 'all') {
      problems.push(
        unfit(
          action.file,
          line,
          column,
          'This statement cannot run in a transaction, but the run is one transaction.',
          'Set transaction to "each".',
        ),
      );
    }
  }
  return problems;
}

/** The mode that applies: what the file says of itself, else what is configured. */
export function modeOf(
  loaded: Pick<LoadedMigration, 'transaction'>,
  settings: Pick<Settings, 'transaction'>,
): Settings['transaction'] {
  return settings.transaction === 'all' ? 'all' : (loaded.transaction ?? settings.transaction);
}

function unfit(file: string, line: number, column: number, message: string, hint: string): Problem {
  return new DetentError('TRANSACTION_UNFIT', `${file}:${line} ${message}`, {
    hint,
    facts: { place: { file, line, column } },
  });
}

function destructions<Db>(
  action: Action<Db> | null,
  loaded: LoadedMigration<Db>,
): readonly (Statement & { destroys: string })[] {
  if (action?.kind !== 'script') return [];
  return action.statements.filter(
    (statement): statement is Statement & { destroys: string } =>
      statement.destroys !== null && !loaded.allow.includes(statement.destroys),
  );
}

function destructive(file: string, statement: Statement & { destroys: string }): Problem {
  const { line, column, destroys } = statement;
  return new DetentError('DESTRUCTIVE', `${file}:${line} would destroy data (${destroys}).`, {
    hint: `When that is meant, write \`-- detent:allow ${destroys}\` into the file.`,
    facts: { place: { file, line, column }, statement: statement.text },
  });
}

function emptiness<Db>({ info }: PlannedStep, loaded: LoadedMigration<Db>): string[] {
  const action = loaded[info.direction];
  const isEmpty = info.direction === 'up' && action?.kind === 'script' && action.statements.length === 0;
  return isEmpty ? [`${info.file} has no statement to run.`] : [];
}

function destructionWarnings<Db>(step: PlannedStep, loaded: LoadedMigration<Db>, settings: Settings<Db>): string[] {
  if (settings.destructive !== 'warn' || step.info.direction !== 'up') return [];
  return destructions(loaded.up, loaded).map(
    ({ line, destroys }) =>
      `${step.info.file}:${line} destroys data (${destroys}); \`-- detent:allow ${destroys}\` says that it is meant.`,
  );
}
