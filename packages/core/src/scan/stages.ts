import type { MigrationStage } from '../migration.ts';

interface Flaw {
  /** Goes on after the file's name, without a full stop. */
  readonly message: string;
  readonly hint: string;
}

const KINDS = ['schema', 'data', 'batches'] as const;
const HINT = "Write each as { name: 'fill names', kind: 'data', run: async (db) => { … } }.";

/** What is wrong with a list of stages; `direction` is what exports it. */
export function flawsOfStages(stages: readonly unknown[], direction: string): Flaw[] {
  const names = new Set<unknown>();
  return stages.flatMap((stage, index): Flaw[] => {
    const flaw = (what: string): Flaw => ({
      message: `has a stage ${index + 1} of "${direction}" ${what}`,
      hint: HINT,
    });
    if (!isRecord(stage)) return [flaw('that is no object')];
    const { name, kind, run, idempotent } = stage;
    const flaws: Flaw[] = [];
    if (typeof name !== 'string' || name === '') flaws.push(flaw('without a name'));
    else if (names.has(name)) flaws.push(flaw(`with the name "${name}", which another one has`));
    names.add(name);
    if (!KINDS.some((known) => known === kind)) flaws.push(flaw(`whose kind is none of ${KINDS.join(', ')}`));
    if (typeof run !== 'function') flaws.push(flaw('without a function "run"'));
    if (idempotent !== undefined && typeof idempotent !== 'boolean')
      flaws.push(flaw('with an "idempotent" that is neither true nor false'));
    return flaws;
  });
}

/** Of a list whose flaws were looked for. */
export function isStages<Db>(value: unknown): value is readonly MigrationStage<Db>[] {
  return Array.isArray(value);
}

/** What stands for the text of a list that has no file. */
export function stagesText(stages: readonly MigrationStage[]): string {
  return JSON.stringify(
    stages.map(({ name, kind, idempotent, run }) => [name, kind, idempotent === true, String(run)]),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
