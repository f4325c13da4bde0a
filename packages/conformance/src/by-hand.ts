import type { MigrationResult, MigrationScriptExecutor } from '@detent/core';
import { idOf, type Draft } from './draft.ts';
import { abilitiesOf, type Workplace } from './workplace.ts';

/** A run, and what a person had to say before it came to its end. */
export interface SettledRun {
  readonly result: MigrationResult;
  /** Ids of migrations that were settled by hand. */
  readonly byHand: readonly string[];
  /** What should not have been for a person. */
  readonly flaws: readonly string[];
}

/**
 * Runs, and where only a person can tell how a migration ended does what it says: finishes its commands by hand, and says
 * so. That may be asked for code where a transaction does not hold schema changes together, and for nothing else.
 */
export async function runSettling<Db>(
  place: Workplace<Db>,
  executor: MigrationScriptExecutor<Db>,
  drafts: readonly Draft[],
  run: () => Promise<MigrationResult>,
): Promise<SettledRun> {
  const byHand: string[] = [];
  const flaws: string[] = [];
  for (;;) {
    const result = await run();
    const unknown = (await executor.status()).migrations.filter(({ status }) => status === 'unknown');
    if (result.errors[0]?.code !== 'UNKNOWN_STATE' || unknown.length === 0 || byHand.length > drafts.length)
      return { result, byHand, flaws };
    const { transactionalDdl } = await abilitiesOf(place);
    for (const { id } of unknown) {
      const draft = drafts.find((item) => idOf(item) === id);
      if (draft === undefined || transactionalDdl || draft.form !== 'code')
        flaws.push(`${id} is for a person to settle: ${result.errors[0]?.message ?? ''}`);
      if (draft !== undefined) await finish(place, executor, draft);
      byHand.push(id);
    }
  }
}

/** Each of its commands by itself: those that took effect already are refused, or do nothing again. */
async function finish<Db>(place: Workplace<Db>, executor: MigrationScriptExecutor<Db>, draft: Draft): Promise<void> {
  const session = await place.open({ readOnly: true });
  const row = await session.history.load(idOf(draft));
  await session.close();
  const isDown = row?.intent?.direction === 'down';
  for (const op of (isDown ? draft.down : draft.up) ?? []) await place.apply([op]).catch(() => undefined);
  await executor.resolve({ version: idOf(draft), as: isDown ? 'rolled_back' : 'applied', reason: 'finished by hand' });
}
