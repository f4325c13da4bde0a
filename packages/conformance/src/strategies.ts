import { existsSync } from 'node:fs';
import {
  exitCodeOf,
  type MigrationResult,
  type MigrationState,
  type RollbackStrategy,
  type TransactionMode,
} from '@detent/core';
import { describe, expect, test } from 'vitest';
import type { Draft, Op } from './draft.ts';
import { changesSchema } from './effects.ts';
import type { Abilities } from './expected-course.ts';
import { expectedEnd, type Scenario } from './expected.ts';
import { inParallel } from './process.ts';
import type { ConformanceTarget } from './target.ts';
import { abilitiesOf, openWorkplace, References, type Tampering, type Workplace } from './workplace.ts';

export const STRATEGIES: readonly RollbackStrategy[] = ['none', 'down', 'backup', 'both'];
const MODES: readonly TransactionMode[] = ['each', 'all', 'none'];

/** What the migrations of a run are made of. */
export type Form = 'scripts' | 'code' | 'mixed' | 'segmented' | 'without transactions';
/** What is wrong with the way back of one of them. */
export type WayBack = 'exact' | 'missing' | 'refused' | 'leaves a table' | 'loses a row';

const FORMS: readonly Form[] = ['scripts', 'code', 'mixed', 'segmented', 'without transactions'];
const WAYS_BACK: readonly WayBack[] = ['exact', 'missing', 'refused', 'leaves a table', 'loses a row'];

const BEFORE: readonly Op[] = [
  { kind: 'create', table: 'base' },
  { kind: 'insert', table: 'base', id: 1 },
  { kind: 'insert', table: 'base', id: 2 },
];

/** Three migrations, of which the second also changes a table that was there before. */
function draftsOf(form: Form, wayBack: WayBack): Draft[] {
  const first: Draft = {
    version: '1',
    form: form === 'code' ? 'code' : 'script',
    up: [
      { kind: 'create', table: 'a' },
      { kind: 'insert', table: 'a', id: 1 },
    ],
    down: firstDown(wayBack),
  };
  const alone: readonly Op[] = form === 'segmented' ? [{ kind: 'alone' }] : [];
  const second: Draft = {
    version: '2',
    form: form === 'code' || form === 'mixed' ? 'code' : 'script',
    up: [
      { kind: 'add-column', table: 'base', column: 'extra' },
      ...alone,
      { kind: 'insert', table: 'base', id: 10 },
      { kind: 'create', table: 'b' },
    ],
    down: [
      { kind: 'drop', table: 'b' },
      { kind: 'remove', table: 'base', id: 10 },
      ...(wayBack === 'loses a row' ? [{ kind: 'remove', table: 'base', id: 1 } as const] : []),
      { kind: 'drop-column', table: 'base', column: 'extra' },
    ],
  };
  const third: Draft = {
    version: '3',
    form: first.form,
    up: [
      { kind: 'create', table: 'c' },
      { kind: 'insert', table: 'c', id: 1 },
      { kind: 'insert', table: 'base', id: 11 },
    ],
    down: [
      { kind: 'remove', table: 'base', id: 11 },
      { kind: 'drop', table: 'c' },
    ],
  };
  const drafts = [first, second, third];
  return form === 'without transactions' ? drafts.map((draft) => ({ ...draft, transaction: 'none' })) : drafts;
}

function firstDown(wayBack: WayBack): readonly Op[] | null {
  const drop: Op = { kind: 'drop', table: 'a' };
  switch (wayBack) {
    case 'missing':
      return null;
    case 'refused':
      return [drop, { kind: 'refused' }];
    case 'leaves a table':
      return [drop, { kind: 'create', table: 'leftover' }];
    case 'exact':
    case 'loses a row':
      return [drop];
  }
}

/** The same migrations with a failure in place of each command in turn, and last as they are. */
function failuresOf(drafts: readonly Draft[]): { readonly at: string; readonly drafts: readonly Draft[] }[] {
  const failing = drafts.flatMap((draft, index) =>
    draft.up.map((_, place) => {
      const up = draft.up.with(place, { kind: 'refused' });
      return { at: `command ${place + 1} of ${draft.version}`, drafts: drafts.with(index, { ...draft, up }) };
    }),
  );
  return [...failing, { at: 'nothing', drafts }];
}

/** Runs the scenario and gives every way in which its end is not the documented one. */
async function checkScenario<Db>(
  target: ConformanceTarget<Db>,
  given: Scenario,
  references: References<Db>,
  tamper?: Tampering<Db>,
): Promise<string[]> {
  await using place = await openWorkplace(target, tamper);
  const abilities = await abilitiesOf(place);
  const scenario = fitting(given, abilities);
  await place.apply(scenario.before);
  const executor = place.executor(scenario.drafts, { rollback: scenario.strategy, transaction: scenario.mode });
  const result = await executor.migrate();
  await executor.close();
  return await deviationsFrom(place, scenario, abilities, result, references);
}

/** Where a change of the schema ends the one transaction of a run, code in it changes rows alone, in tables that are there. */
function fitting(scenario: Scenario, { transactionalDdl }: Abilities): Scenario {
  const { mode, before, drafts } = scenario;
  if (transactionalDdl || mode !== 'all' || drafts.some(({ form }) => form !== 'code')) return scenario;
  const rowsOf = (ops: readonly Op[]): readonly Op[] => ops.filter((op) => !changesSchema(op));
  const tables = drafts.flatMap(({ up }) => up.filter(({ kind }) => kind === 'create'));
  return {
    ...scenario,
    before: [...before, ...tables],
    drafts: drafts.map((draft) => ({ ...draft, up: rowsOf(draft.up), down: draft.down && rowsOf(draft.down) })),
  };
}

async function deviationsFrom<Db>(
  place: Workplace<Db>,
  scenario: Scenario,
  abilities: Abilities,
  result: MigrationResult,
  references: References<Db>,
): Promise<string[]> {
  const wanted = expectedEnd(scenario, abilities);
  const found: string[] = [];
  const compare = (what: string, is: unknown, should: unknown): void => {
    const [left, right] = [JSON.stringify(is), JSON.stringify(should)];
    if (left !== right) found.push(`${what} is ${left}, not ${right}`);
  };
  compare('exit code', exitCodeOf(result), wanted.exit);
  compare('success', result.success, wanted.exit === 0);
  compare(
    'errors',
    result.errors.map(({ code }) => code),
    wanted.errors,
  );
  compare(
    'executed',
    result.executed.map(({ id }) => id),
    wanted.executed,
  );
  compare(
    'rolledBack',
    result.rolledBack.map(({ id }) => id),
    wanted.rolledBack,
  );
  compare('rollback', result.rollback, wanted.rollback);
  compare('backup.kept', result.backup?.kept ?? null, wanted.backupKept);
  if (result.backup !== undefined) compare('backup on disk', existsSync(result.backup.path), result.backup.kept);
  for (const error of result.errors)
    if ((error.hint ?? '') === '') found.push(`${error.code} has no hint: ${error.message}`);
  compare('states', await statesOf(place), wanted.states);
  if ((await place.database.digest()) !== (await references.digestOf(wanted.trail))) {
    found.push(`schema or rows are not those of ${JSON.stringify(wanted.trail)}`);
  }
  found.push(...(await ledgerFlaws(place)));
  return found;
}

/** The rows of the history by id, as it was read from a session that only looks. */
export async function statesOf<Db>({ open }: Pick<Workplace<Db>, 'open'>): Promise<Record<string, MigrationState>> {
  const session = await open({ readOnly: true });
  const { entries } = await session.history.read();
  await session.close();
  const sorted = entries.toSorted((a, b) => a.id.localeCompare(b.id));
  return Object.fromEntries(sorted.map(({ id, state }) => [id, state]));
}

/** What `verify` says of the ledger, and of a lock that nobody gave back. */
async function ledgerFlaws<Db>(place: Workplace<Db>): Promise<string[]> {
  const executor = place.executor([]);
  const { problems } = await executor.verify();
  const { holder } = await executor.inspect();
  await executor.close();
  const broken = problems.filter(({ code }) => code === 'HISTORY_DAMAGED').map(({ message }) => message);
  return holder === null ? broken : [...broken, 'the lock was not given back'];
}

interface MatrixPart {
  readonly form: Form;
  readonly wayBack: WayBack;
}

/** Every form with every way back. */
const WHOLE_MATRIX: readonly MatrixPart[] = FORMS.flatMap((form) => WAYS_BACK.map((wayBack) => ({ form, wayBack })));

/** Every way back with scripts and code mixed; every form where transactions are as they mostly are. */
function shortMatrix(mode: TransactionMode): readonly MatrixPart[] {
  return WHOLE_MATRIX.filter(({ form, wayBack }) => form === 'mixed' || (wayBack === 'exact' && mode === 'each'));
}

/** A dozen runs, each with a backup and perhaps a restore. */
const patient = { timeout: 300_000 };

export interface StrategyOptions {
  readonly matrix: 'short' | 'whole';
  /** Of the places of failure each so-manieth, beginning with another one in every test. */
  readonly every: number;
}

/** Every strategy × transaction mode × failure at every statement. */
export function describeStrategies<Db>(target: ConformanceTarget<Db>, { matrix, every }: StrategyOptions): void {
  const references = new References(target);
  let turn = 0;
  describe.each(STRATEGIES)('the strategy %s', (strategy) => {
    describe.each(MODES)('with transactions: %s', (mode) => {
      test.each(
        (matrix === 'whole' ? WHOLE_MATRIX : shortMatrix(mode)).map((part) => ({ ...part, first: turn++ % every })),
      )(
        'ends as documented wherever $form fail and the way back is $wayBack',
        patient,
        async ({ form, wayBack, first }) => {
          const failures = failuresOf(draftsOf(form, wayBack)).filter((_, index) => index % every === first);
          const deviations = await inParallel(failures, target.databasesAtOnce ?? 2, async ({ at, drafts }) => {
            const found = await checkScenario(target, { strategy, mode, before: BEFORE, drafts }, references);
            return found.map((deviation) => `${at}: ${deviation}`);
          });
          expect(deviations.flat()).toEqual([]);
        },
      );
    });
  });
}

/**
 * Whether one scenario of each kind ends as documented, or each so-manieth; for adapters that are broken on purpose, up to
 * the first that does not.
 */
export async function sampleStrategies<Db>(
  target: ConformanceTarget<Db>,
  { tamper, every = 1 }: { readonly tamper?: Tampering<Db> | undefined; readonly every?: number } = {},
): Promise<string[]> {
  const references = new References(target);
  const scenarios = (['exact', 'leaves a table'] as const).flatMap((wayBack) =>
    failuresOf(draftsOf('mixed', wayBack))
      .slice(2)
      .flatMap(({ at, drafts }) => STRATEGIES.map((strategy) => ({ at, drafts, strategy }))),
  );
  const deviations: string[] = [];
  for (const [index, { at, drafts, strategy }] of scenarios.entries()) {
    if (index % every !== Math.floor(index / every) % every) continue;
    const scenario: Scenario = { strategy, mode: 'each', before: BEFORE, drafts };
    const found = await checkScenario(target, scenario, references, tamper).catch((thrown: unknown) => [
      `threw ${String(thrown)}`,
    ]);
    deviations.push(...found.map((deviation) => `${strategy}, ${at}: ${deviation}`));
    if (tamper !== undefined && deviations.length > 0) return deviations;
  }
  return deviations;
}
