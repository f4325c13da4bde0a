import type { Goal } from '../goal.ts';
import { DETENT, FLOOR, openField } from '../field.ts';
import { PEERS } from '../postgres-peers.ts';
import { openPostgres } from '../postgres.ts';
import { race } from '../race.ts';
import { render } from '../report.ts';
import type { Scenario, ScenarioSettings } from '../scenario.ts';

const GOALS: readonly Goal[] = [
  { kind: 'ratio', of: 'Detent', to: 'floor', atMost: 1 },
  ...PEERS.map(({ name }): Goal => ({ kind: 'faster', of: 'Detent', than: name })),
];

export const postgresApply: Scenario = {
  name: 'postgres-apply',
  about:
    'Small migrations on a new database of PostgreSQL, one transaction each, but for those who know one around all only.',
  async run(settings) {
    const sections: string[] = [];
    for (const durable of [true, false]) sections.push(await runServer(settings, durable));
    return sections.join('\n');
  },
};

async function runServer({ workplace, rounds, size }: ScenarioSettings, durable: boolean): Promise<string> {
  const count = size ?? 1_000;
  using postgres = await openPostgres('18', { durable });
  const field = openField(postgres, workplace, count);
  const contestants = [FLOOR, { ...FLOOR, name: 'floor again' }, DETENT, ...PEERS];
  const results = await race(
    contestants.map((entrant) => field.applies(entrant)),
    rounds,
  );
  const title = `PostgreSQL: apply ${count}, ${durable ? 'every commit synced' : 'nothing synced'}`;
  return `${postgres.about}\n\n${render({ title, results, goals: GOALS })}`;
}
