import type { Goal } from '../goal.ts';
import { DETENT, FLOOR, openField } from '../field.ts';
import { PEERS } from '../postgres-peers.ts';
import { openPostgres } from '../postgres.ts';
import { race } from '../race.ts';
import { render } from '../report.ts';
import type { Scenario } from '../scenario.ts';

const GOALS: readonly Goal[] = [
  { kind: 'ratio', of: 'Detent', to: 'floor', atMost: 1.2 },
  ...PEERS.map(({ name }): Goal => ({ kind: 'faster', of: 'Detent', than: name })),
];

export const postgresNoop: Scenario = {
  name: 'postgres-noop',
  about: 'A start at which everything is applied already, on PostgreSQL.',
  async run({ workplace, rounds, size }) {
    const count = size ?? 1_000;
    using postgres = await openPostgres('18', { durable: true });
    const field = openField(postgres, workplace, count);
    const names = { ...FLOOR, name: 'floor, names only', program: 'floor-names' };
    const contestants = [
      field.starts(FLOOR),
      field.starts({ ...FLOOR, name: 'floor again' }),
      field.starts(names, FLOOR),
      field.starts(DETENT),
      ...PEERS.map((peer) => field.starts(peer)),
    ];
    const title = `PostgreSQL: no-op start, ${count} applied`;
    return `${postgres.about}\n\n${render({ title, results: await race(contestants, rounds), goals: GOALS })}`;
  },
};
