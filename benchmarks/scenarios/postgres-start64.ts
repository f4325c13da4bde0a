import { DETENT, openField } from '../field.ts';
import { openPostgres } from '../postgres.ts';
import { race } from '../race.ts';
import { render } from '../report.ts';
import type { Scenario } from '../scenario.ts';

const MIGRATIONS = 20;

export const postgresStart64: Scenario = {
  name: 'postgres-start64',
  about: `Processes that start at one moment on one new database of PostgreSQL with ${MIGRATIONS} pending migrations. The floor is as many that find them applied.`,
  async run({ workplace, rounds, size }) {
    const processes = size ?? 64;
    using postgres = await openPostgres('18', { durable: true });
    const field = openField(postgres, workplace, MIGRATIONS);
    const starting = (name: string) => ({ ...field.starts({ ...DETENT, name }), processes });
    const results = await race(
      [
        starting('nothing to do'),
        starting('nothing to do again'),
        field.applies({ ...DETENT, name: 'one alone' }),
        { ...field.applies(DETENT), processes },
      ],
      rounds,
    );
    const title = `PostgreSQL: ${processes} processes at once`;
    const goals = [{ kind: 'sum', of: 'Detent', atMost: 2, times: 'one alone', plus: 'nothing to do' }] as const;
    return `${postgres.about}\n\n${render({ title, results, goals })}`;
  },
};
