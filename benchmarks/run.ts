// `pnpm bench [scenario …] [--runs 7] [--size n] [--keep]`: Markdown on stdout, progress on stderr.
import { parseArgs } from 'node:util';
import { buildContenders, buildPackages } from './build.ts';
import { NotRun, type Scenario } from './scenario.ts';
import { action } from './scenarios/action.ts';
import { apply } from './scenarios/apply.ts';
import { backup } from './scenarios/backup.ts';
import { cli } from './scenarios/cli.ts';
import { memory } from './scenarios/memory.ts';
import { noop } from './scenarios/noop.ts';
import { mongoApply } from './scenarios/mongo-apply.ts';
import { mongoBackup } from './scenarios/mongo-backup.ts';
import { mongoNoop } from './scenarios/mongo-noop.ts';
import { mysqlApply } from './scenarios/mysql-apply.ts';
import { mysqlBackup } from './scenarios/mysql-backup.ts';
import { mysqlNoop } from './scenarios/mysql-noop.ts';
import { postgresApply } from './scenarios/postgres-apply.ts';
import { postgresBackup } from './scenarios/postgres-backup.ts';
import { postgresNoop } from './scenarios/postgres-noop.ts';
import { postgresStart64 } from './scenarios/postgres-start64.ts';
import { splitter } from './scenarios/splitter.ts';
import { start64 } from './scenarios/start64.ts';
import { typescript } from './scenarios/typescript.ts';
import { machine, openWorkplace } from './workplace.ts';

const SCENARIOS: readonly Scenario[] = [
  noop,
  apply,
  cli,
  action,
  memory,
  start64,
  backup,
  splitter,
  typescript,
  postgresNoop,
  postgresApply,
  postgresBackup,
  postgresStart64,
  mysqlNoop,
  mysqlApply,
  mysqlBackup,
  mongoNoop,
  mongoApply,
  mongoBackup,
];

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '7' },
    size: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const unknown = positionals.find((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown !== undefined)
    return refuse(`There is no scenario ${unknown}; there are ${SCENARIOS.map(({ name }) => name).join(', ')}.`);
  const rounds = wholeNumber(flags.runs);
  const size = flags.size === undefined ? null : wholeNumber(flags.size);
  if (rounds === null || (flags.size !== undefined && size === null))
    return refuse('--runs and --size are whole numbers above 0.');
  if (!buildPackages('core', 'sql', 'sqlite', 'postgres', 'mysql', 'mongo') || !buildContenders())
    return refuse('The packages do not build, and what is measured is what is published. Run `pnpm build` and look.');

  using workplace = openWorkplace(flags.keep);
  console.log(
    `Measured ${new Date().toISOString().slice(0, 10)} on ${machine(workplace)}; medians of ${rounds}, after one run that is not counted.\n`,
  );
  let failed = 0;
  for (const scenario of SCENARIOS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
    process.stderr.write(`${scenario.name}\n`);
    try {
      console.log(`## ${scenario.name}\n\n${scenario.about}\n\n${await scenario.run({ workplace, rounds, size })}`);
    } catch (error) {
      console.log(`## ${scenario.name}\n\nNOT RUN: ${error instanceof Error ? error.message : String(error)}\n`);
      if (!(error instanceof NotRun)) failed += 1;
    }
  }
  return failed === 0 ? 0 : 1;
}

function wholeNumber(text: string): number | null {
  const number = Number(text);
  return Number.isSafeInteger(number) && number > 0 ? number : null;
}

function refuse(message: string): number {
  console.error(message);
  return 64;
}
