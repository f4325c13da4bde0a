import { folderObstacles } from '@detent/core/backup';
import { mariadb, quoteIdent } from '@detent/sql';
import { isKnownType } from './data-columns.ts';
import { tablesOf, type DataTable } from './data-tables.ts';
import { contentsOf, isLockable, type Contents } from './dump.ts';
import type { Greeting } from './greeting.ts';
import type { Link } from './link.ts';
import { literal } from './literal.ts';
import type { Method } from './method.ts';
import { isSendable, type Program } from './programs.ts';
import { scratchOf } from './shadow.ts';
import { FIXED_TEXT } from './sums.ts';
import { isRefused, Refused, valueOf } from './wire.ts';

/** Everything that stands in the way of a backup, or of putting it back. */
export async function obstacles(link: Link, method: Method, folder: string): Promise<readonly string[]> {
  const { schema } = await link.books();
  const greeting = await link.greeting();
  await link.ask(FIXED_TEXT);
  const [size] = await link.ask(
    `SELECT SUM(DATA_LENGTH) AS size FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${literal(schema)}`,
  );
  const found: string[] = [...(await folderObstacles(folder, Number(valueOf(size) ?? 0)))];
  if (greeting.isReadOnly) found.push('The server is read-only, so that nothing can be restored into it.');
  const tables = await tablesOf(link);
  found.push(...(await rightsObstacles(link, tables)));
  found.push(...tables.flatMap((table) => tableObstacles(table, greeting, link.hasBeside)));
  found.push(...(await method.obstacles(link)));
  if (found.length > 0) return found;
  const contents = await contentsOf(link, tables);
  return [
    ...contents.tables.flatMap((table) => [
      ...textObstacles(`table ${table.name}`, table.text),
      ...(isLockable(table) && / (?:DATA|INDEX) DIRECTORY=/.test(table.text)
        ? [`The table ${table.name} has its files in a folder of its own, where another cannot be made beside it.`]
        : []),
    ]),
    ...(await programObstacles(link, contents, greeting)),
    ...(await outsideObstacles(link, schema)),
    ...(await libraryObstacles(link, schema, greeting)),
  ];
}

function tableObstacles(table: DataTable, { product, versionNumber }: Greeting, hasBeside: boolean): readonly string[] {
  const { name, engine, columns, past } = table;
  const found: string[] = [];
  if (isLockable(table) && !hasBeside)
    found.push(
      `The table ${name} of the engine ${engine} is in no snapshot, and on a connection that was handed in there can be no second one that locks it.`,
    );
  else if (!isLockable(table) && engine.toLowerCase() !== 'innodb')
    found.push(`The table ${name} is of the engine ${engine === '' ? 'unknown' : engine}, which no snapshot covers.`);
  for (const column of columns)
    if (!isKnownType(column.type))
      found.push(`The column ${name}.${column.name} is of the type ${column.type}, which is unknown.`);
  if (past !== 'none' && product === 'MariaDB' && versionNumber < 101_100)
    found.push(`The table ${name} keeps its past, which MariaDB takes back only from 10.11 on.`);
  if (past === 'by transaction')
    found.push(`The table ${name} keeps its past by transactions, whose numbers cannot be kept.`);
  return found;
}

/** What could not be read as text. */
function textObstacles(what: string, text: string): readonly string[] {
  if (text === '') return [`This user may not see how the ${what} was made.`];
  return text.includes('\ufffd') ? [`The definition of the ${what} holds bytes that are no text.`] : [];
}

async function programObstacles(link: Link, { programs }: Contents, greeting: Greeting): Promise<readonly string[]> {
  const { schema } = await link.books();
  const found = programs.flatMap((program) => [
    ...textObstacles(`${program.kind} ${program.name}`, program.text ?? ''),
    ...(greeting.product === 'MySQL' && !isSendable(program)
      ? [
          `The ${program.kind} ${program.name} was written in the character set ${program.client ?? ''} and has more than ASCII in it.`,
        ]
      : []),
  ]);
  const views = programs.filter(({ kind }) => kind === 'view').map(({ name }) => quoteIdent(mariadb, schema, name));
  if (views.length > 0) {
    const [checked] = await link.ask(`CHECK TABLE ${views.join(', ')}`);
    const broken = (checked?.rows ?? []).filter(({ Msg_type: type }) => type === 'Error');
    for (const name of new Set(broken.map(({ Table: table }) => table ?? '')))
      found.push(`The view ${name} does not work, so that it could not be made again; mend it or drop it.`);
  }
  return [...found, ...(await definerObstacles(link, programs, greeting))];
}

/** Whoever makes something in the name of another needs a right for it. */
async function definerObstacles(
  link: Link,
  programs: readonly Program[],
  { user, product }: Greeting,
): Promise<readonly string[]> {
  const others = programs.filter(({ text }) => definerOf(text ?? '') !== null && definerOf(text ?? '') !== user);
  const [first] = others;
  if (first === undefined) return [];
  const names = product === 'MariaDB' ? ['SUPER', 'SET USER'] : ['SUPER', 'SET_USER_ID', 'SET_ANY_DEFINER'];
  const [answer] = await link.ask('SHOW GRANTS');
  const grants = (answer?.rows ?? [])
    .map((row) => Object.values(row)[0] ?? '')
    .filter((text) => / ON \*\.\* /.test(text));
  const may = grants.some(
    (text) => text.startsWith('GRANT ALL PRIVILEGES') || names.some((name) => new RegExp(`\\b${name}\\b`).test(text)),
  );
  if (may) return [];
  return [
    `This user could not make the ${first.kind} ${first.name} again in the name of ${definerOf(first.text ?? '') ?? ''}: it takes the right ${names.at(-1) ?? ''}.`,
  ];
}

/** As CURRENT_USER() writes it. */
function definerOf(text: string): string | null {
  const [, name, host] = /\bDEFINER\s*=\s*`((?:[^`]|``)*)`@`((?:[^`]|``)*)`/i.exec(text.slice(0, 400)) ?? [];
  return name === undefined || host === undefined ? null : `${name}@${host}`.replaceAll('``', '`');
}

/**
 * Tables of another database that refer to one of these would go on referring to the one that is replaced; and what refers to a
 * table that is not there would refer to one beside.
 */
async function outsideObstacles(link: Link, schema: string): Promise<readonly string[]> {
  const [answer] = await link.ask(
    'SELECT DISTINCT k.TABLE_SCHEMA AS place, k.TABLE_NAME AS name, k.REFERENCED_TABLE_NAME AS target, t.TABLE_NAME AS there ' +
      'FROM information_schema.KEY_COLUMN_USAGE k LEFT JOIN information_schema.TABLES t ' +
      'ON t.TABLE_SCHEMA = k.REFERENCED_TABLE_SCHEMA AND t.TABLE_NAME = k.REFERENCED_TABLE_NAME ' +
      `WHERE k.REFERENCED_TABLE_SCHEMA = ${literal(schema)}`,
  );
  return (answer?.rows ?? []).flatMap(({ place, name, target, there }) =>
    place !== schema
      ? [
          `The table ${place ?? ''}.${name ?? ''} of another database refers to ${target ?? ''}, which a restore replaces.`,
        ]
      : there === null
        ? [`The table ${name ?? ''} refers to ${target ?? ''}, which is not there.`]
        : [],
  );
}

/** Code of another language, which MySQL knows from 9.2 on. */
async function libraryObstacles(link: Link, schema: string, greeting: Greeting): Promise<readonly string[]> {
  if (greeting.product === 'MariaDB' || greeting.versionNumber < 90_200) return [];
  const [answer] = await link.ask(
    `SELECT LIBRARY_NAME AS name FROM information_schema.LIBRARIES WHERE LIBRARY_SCHEMA = ${literal(schema)}`,
  );
  return (answer?.rows ?? []).map(({ name }) => `The library ${name ?? ''} is of a kind that a backup does not keep.`);
}

/** Asked for what is not there: who lacks the right is told so first. */
async function rightsObstacles(link: Link, tables: readonly DataTable[]): Promise<readonly string[]> {
  const books = await link.books();
  const { made } = scratchOf(books);
  const found: string[] = [];
  const missing = `detent_${Date.now().toString(36)}`;
  const scratch = quoteIdent(mariadb, made, missing);
  const live = (name: string): string => quoteIdent(mariadb, books.schema, name);
  const probes: readonly (readonly [right: string, statement: string])[] = [
    ['CREATE', `CREATE TABLE ${scratch} (a int)`],
    ['DROP', `DROP TABLE ${scratch}`],
    ['INSERT', `INSERT INTO ${scratch} VALUES (1)`],
    ['ALTER', `ALTER TABLE ${scratch} ADD a int`],
    ['SELECT', `SELECT 1 FROM ${scratch}`],
  ];
  for (const [right, statement] of probes) {
    if (!(await isDenied(link, statement))) continue;
    const pattern = made.replace(/_new$/, '').replaceAll('_', '\\_');
    found.push(
      `A restore makes databases beside this one, for which this user lacks ${right}: GRANT ALL ON \`${pattern}\\_%\`.* TO it.`,
    );
    break;
  }
  for (const { name } of tables)
    if (await isDenied(link, `SELECT 1 FROM ${live(name)} LIMIT 0`)) found.push(`This user may not read ${name}.`);
  for (const [right, statement] of [
    ['ALTER', `ALTER TABLE ${live(missing)} ADD a int`],
    ['DROP', `DROP TABLE ${live(missing)}`],
    ['LOCK TABLES', `LOCK TABLES ${live(missing)} READ`],
  ] as const)
    if (await isDenied(link, statement))
      found.push(`This user lacks ${right} on ${books.schema}, which a restore needs.`);
  return found;
}

const DENIED = [1044, 1142, 1143, 1227, 1370];

async function isDenied(link: Link, statement: string): Promise<boolean> {
  try {
    await link.wire.run(statement);
    return false;
  } catch (error) {
    if (error instanceof Refused && error.failure.kind === 'lost') throw error;
    return isRefused(error, ...DENIED);
  }
}
