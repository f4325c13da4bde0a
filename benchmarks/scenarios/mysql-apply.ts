import { DETENT, FLOOR, openField } from '../field.ts';
import type { Goal } from '../goal.ts';
import { INTENTS, PEERS } from '../mysql-peers.ts';
import { openMariadb } from '../mysql.ts';
import { race } from '../race.ts';
import { render } from '../report.ts';
import type { Scenario } from '../scenario.ts';

const GOALS: readonly Goal[] = [
  { kind: 'ratio', of: 'Detent', to: 'floor', atMost: 1.25 },
  ...PEERS.map(({ name }): Goal => ({ kind: 'faster', of: 'Detent', than: name })),
];

export const mysqlApply: Scenario = {
  name: 'mysql-apply',
  about:
    'Small migrations on a new database of MariaDB. How far the floor with intents is from the floor is what it costs, there and by hand, to be able to go on after a run was cut off.',
  async run({ workplace, rounds, size }) {
    const count = size ?? 1_000;
    using mariadb = await openMariadb();
    const field = openField(mariadb, workplace, count);
    const entrants = [FLOOR, { ...FLOOR, name: 'floor again' }, INTENTS, DETENT, ...PEERS];
    const results = await race(
      entrants.map((entrant) => field.applies(entrant)),
      rounds,
    );
    return `${mariadb.about}\n\n${render({ title: `MariaDB: apply ${count}`, results, goals: GOALS })}`;
  },
};
