// `pnpm demo [folder]`: Detent on a small shop, by the command line, as a user would do it.
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import process from 'node:process';
import { styleText } from 'node:util';
import { compared, isSame, takeSnapshot, type Snapshot } from './snapshot.ts';
import { check, detent, scene, setUp } from './stage.ts';

const folder = resolve(process.argv[2] ?? resolve(import.meta.dirname, '../../detent-demo'));
const database = join(folder, 'shop.db');
const broken = join(import.meta.dirname, 'broken');

async function play(): Promise<void> {
  setUp(folder);
  console.log(`A shop with customers, products and orders, on SQLite, in\n${folder}`);

  scene(1, 'What is there?', 'Nothing is applied yet. Looking writes nothing, not even the database file.');
  await detent(folder, ['status']);

  scene(
    2,
    'What would happen?',
    'A plan executes nothing. It shows each statement as it would be sent; here\nfor the first three migrations.',
  );
  await detent(folder, ['plan', '--to', '202601061200']);

  scene(
    3,
    'Apply it',
    'SQL and TypeScript in one order of versions. Each migration commits together\nwith its own record, so neither is ever there without the other.',
  );
  await detent(folder, ['up']);
  const full = takeSnapshot(database);

  scene(
    4,
    'A release that goes wrong',
    'Two more migrations. The first raises prices; its way back loses cents in\nrounding, and a trigger writes down every change. The second fails half-way.\nThe strategy "both" takes a backup, goes back by `down`, compares every row with\nthe backup, sees that `down` did not bring all of them back, and restores it.',
  );
  cpSync(broken, join(folder, 'migrations'), { recursive: true });
  await detent(folder, ['up', '--rollback', 'both'], 1);
  await prove('The database before and after, read without Detent:', full);
  for (const file of readdirSync(broken)) rmSync(join(folder, 'migrations', file));

  scene(
    5,
    'Two steps back',
    'The newest one rebuilds `customers`, and every order refers to a customer with\nON DELETE CASCADE. Not one order is lost.',
  );
  await detent(folder, ['down', '--steps', '2', '--yes']);
  const less = takeSnapshot(database);
  check(rowsOf(less, 'orders') === rowsOf(full, 'orders'), 'orders were lost in the rebuild');
  check(rowsOf(less, 'order_items') === rowsOf(full, 'order_items'), 'items were lost in the rebuild');

  scene(6, 'And forward again', 'The database stands on the same version with the same content as after step 3.');
  await detent(folder, ['up']);
  await prove('After step 3 and now:', full);

  scene(7, 'What happened', 'Every line is chained to the one before it by a hash, also across the restore.');
  await detent(folder, ['history']);
  console.log();
  await detent(folder, ['verify']);

  console.log(`\n${styleText('bold', 'Go on by yourself:')} cd ${relative(process.cwd(), folder) || '.'}

  ./detent create add_discounts     write a migration, then ./detent up
  ./detent down --to 0 --dry-run    see the whole way back
  ./detent doctor                   what Detent knows of this database

  Or edit an applied file and run ./detent up: it is refused, and says why.
  ./detent --help lists the rest. The demo makes the folder anew.`);
}

async function prove(title: string, before: readonly Snapshot[]): Promise<void> {
  const after = takeSnapshot(database);
  console.log(`\n${title}\n\n${compared(before, after)}`);
  check(isSame(before, after), 'the database is not what it was');
}

function rowsOf(snapshot: readonly Snapshot[], table: string): number | undefined {
  return snapshot.find(({ name }) => name === table)?.rows;
}

try {
  await play();
} catch (error) {
  console.error(`\n${styleText('red', error instanceof Error ? error.message : String(error))}`);
  process.exitCode = 1;
}
