import { reverses, type Settings } from '../config.ts';
import { DetentError, type Problem } from '../errors.ts';
import type { Capabilities } from '../ports/adapter.ts';
import type { Action } from '../validate/load.ts';
import { modeOf, type LoadedStep } from '../validate/pending.ts';
import { cutSegments } from './segments.ts';

/** What the steps, and their way back where the strategy takes it, would do outside of any transaction although nothing keeps another run away there. */
export function unguarded<Db>(
  steps: readonly LoadedStep<Db>[],
  settings: Settings<Db>,
  { alone, transactionalDdl }: Capabilities,
): Problem[] {
  if (alone === true) return [];
  return steps.flatMap(({ info, loaded }) => {
    const isUp = info.direction === 'up';
    const wayBack = reverses(settings.rollback) ? loaded[isUp ? 'down' : 'up'] : null;
    const mode = modeOf(loaded, settings);
    return [loaded[info.direction], wayBack].flatMap((action) => {
      const line = action === null ? null : lineAlone(action, mode, transactionalDdl);
      return line === null ? [] : [unguardedAt(action?.file ?? info.file, line, alone)];
    });
  });
}

/** What cannot be where the run is one transaction and the database has none for it: each step. */
export function apart<Db>(
  steps: readonly LoadedStep<Db>[],
  { transaction }: Pick<Settings<Db>, 'transaction'>,
  { together }: Pick<Capabilities, 'together'>,
): Problem[] {
  if (transaction !== 'all' || together === true) return [];
  return steps
    .filter(({ loaded }) => loaded.transaction !== 'none')
    .map(
      ({ info: { file } }) =>
        new DetentError('TRANSACTION_UNFIT', `${file} cannot be in one transaction with the run. ${together}`, {
          hint: 'Set transaction to "each".',
          facts: { place: { file } },
        }),
    );
}

/** The first line that would stand alone; `null` when none would. */
function lineAlone<Db>(action: Action<Db>, mode: Settings['transaction'], transactionalDdl: boolean): number | null {
  if (action.kind !== 'script') return mode === 'none' || (mode === 'each' && !transactionalDdl) ? 1 : null;
  const segment = cutSegments(action.statements, mode).find(({ kind }) => kind === 'alone');
  return segment === undefined ? null : (action.statements[segment.from]?.line ?? 1);
}

export function unguardedAt(file: string, line: number, hint: string): Problem {
  return new DetentError(
    'TRANSACTION_UNFIT',
    `${file}:${line} would run outside of a transaction, where nothing keeps another run away here.`,
    { hint, facts: { place: { file, line } } },
  );
}
