import { DETENT, FLOOR, openField } from '../field.ts';
import type { Goal } from '../goal.ts';
import { PEERS } from '../mysql-peers.ts';
import { openMariadb } from '../mysql.ts';
import { race } from '../race.ts';
import { render } from '../report.ts';
import type { Scenario } from '../scenario.ts';

const GOALS: readonly Goal[] = [
  { kind: 'ratio', of: 'Detent', to: 'floor', atMost: 1.2 },
  ...PEERS.map(({ name }): Goal => ({ kind: 'faster', of: 'Detent', than: name })),
];

export const mysqlNoop: Scenario = {
  name: 'mysql-noop',
  about: 'A start at which everything is applied already, on MariaDB.',
  async run({ workplace, rounds, size }) {
    const count = size ?? 1_000;
    using mariadb = await openMariadb();
    const field = openField(mariadb, workplace, count);
    const entrants = [FLOOR, { ...FLOOR, name: 'floor again' }, DETENT, ...PEERS];
    const contestants = entrants.map((entrant) => field.starts(entrant));
    const title = `MariaDB: no-op start, ${count} applied`;
    return `${mariadb.about}\n\n${render({ title, results: await race(contestants, rounds), goals: GOALS })}`;
  },
};
