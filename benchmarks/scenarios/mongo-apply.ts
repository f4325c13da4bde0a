import { openField } from '../field.ts';
import type { Goal } from '../goal.ts';
import { DETENT, FLOOR, openMongo, PEER } from '../mongo.ts';
import { race } from '../race.ts';
import { render } from '../report.ts';
import type { Scenario } from '../scenario.ts';

const GOALS: readonly Goal[] = [{ kind: 'ratio', of: 'Detent', to: 'floor', atMost: 2 }];

export const mongoApply: Scenario = {
  name: 'mongo-apply',
  about:
    'Small migrations of migrate-mongo on a new database. Detent writes before each function that it is about to call it, and after it that it is done, each in a transaction with its ledger and its lock; the others write one document afterwards, and a run of theirs that dies before it does the work twice.',
  async run({ workplace, rounds, size }) {
    const count = size ?? 200;
    using mongo = await openMongo();
    const field = openField(mongo, workplace, count);
    const contestants = [FLOOR, { ...FLOOR, name: 'floor again' }, DETENT, PEER].map((entrant) =>
      field.applies(entrant),
    );
    const title = `MongoDB: apply ${count}`;
    return `${mongo.about}\n\n${render({ title, results: await race(contestants, rounds), goals: GOALS })}`;
  },
};
