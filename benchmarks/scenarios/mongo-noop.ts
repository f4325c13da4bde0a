import { openField } from '../field.ts';
import type { Goal } from '../goal.ts';
import { DETENT, FLOOR, openMongo, PEER } from '../mongo.ts';
import { race } from '../race.ts';
import { render } from '../report.ts';
import type { Scenario } from '../scenario.ts';

const GOALS: readonly Goal[] = [
  { kind: 'ratio', of: 'Detent', to: 'floor', atMost: 1.25 },
  { kind: 'faster', of: 'Detent', than: PEER.name },
];

export const mongoNoop: Scenario = {
  name: 'mongo-noop',
  about:
    'A start at which everything is applied already, with files of migrate-mongo, which knows them by their names alone; the others read and hash each.',
  async run({ workplace, rounds, size }) {
    const count = size ?? 500;
    using mongo = await openMongo();
    const field = openField(mongo, workplace, count);
    const contestants = [FLOOR, { ...FLOOR, name: 'floor again' }, DETENT, PEER].map((entrant) =>
      field.starts(entrant),
    );
    const title = `MongoDB: no-op start, ${count} applied`;
    return `${mongo.about}\n\n${render({ title, results: await race(contestants, rounds), goals: GOALS })}`;
  },
};
