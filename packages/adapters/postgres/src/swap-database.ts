import { randomBytes } from 'node:crypto';
import { DetentError } from '@detent/core';
import { postgres, quoteIdent } from '@detent/sql';
import { shownTarget, type ConnectOptions } from './connect.ts';
import { onServer } from './create-database.ts';
import { valueOf } from './link.ts';
import type { CheckedOptions } from './options.ts';
import type { Wire } from './wire.ts';

/** Throws `BACKUP_UNFIT` for all that keeps a new database from taking the name of this one, which nobody may be in. */
export async function expectSwappable(checked: CheckedOptions, options: ConnectOptions): Promise<void> {
  const found: string[] = [];
  await onServer(checked, options, async (wire) => {
    const [rights] = await wire.run(RIGHTS);
    if (valueOf(rights) !== 't') found.push('Only its owner may rename it, who needs CREATEDB for that.');
    const [kept] = await wire.run(STAYING);
    for (const { what } of kept?.rows ?? []) found.push(`${what ?? ''} would stay with what is in use now.`);
    found.push(...(await sessionsIn(wire)));
  });
  await onThird(checked, options, async () => undefined).catch((error: unknown) =>
    found.push(`A third database has to be there to rename it from: ${wordsOf(error)}`),
  );
  if (found.length === 0) return;
  throw new DetentError(
    'BACKUP_UNFIT',
    `No other database can take the place of ${shownTarget(checked)}. ${found.join(' ')}`,
    {
      hint: 'Leave `swap` out: the backup goes into the new database, and nothing else happens.',
      facts: { obstacles: found },
    },
  );
}

/** Exchanges the names of this database and the other, in one transaction. Throws `RESTORE_FAILED`, and both are as before. */
export async function swapDatabases(checked: CheckedOptions, other: string, options: ConnectOptions): Promise<void> {
  let name = '';
  await onServer(checked, options, async (wire) => {
    name = valueOf((await wire.run('SELECT current_database()'))[0]) ?? '';
  });
  const aside = `detent_swap_${randomBytes(6).toString('hex')}`;
  const renamings = [
    [name, aside],
    [other, name],
    [aside, other],
  ].map((names) => {
    const [from = '', to = ''] = names.map((part) => quoteIdent(postgres, part));
    return `ALTER DATABASE ${from} RENAME TO ${to}`;
  });
  try {
    await onThird(
      checked,
      options,
      async (wire) => void (await wire.run(['BEGIN', ...renamings, 'COMMIT'].join(';\n'))),
    );
  } catch (cause) {
    const who = await whoIsThere(checked, options);
    throw new DetentError(
      'RESTORE_FAILED',
      `The backup is in ${other}, which could not exchange its name with ${name}: ${wordsOf(cause)}. ${who.join(' ')}`.trim(),
      {
        hint: `Nothing else was changed. End all sessions of both, and run in a third database: BEGIN; ${renamings.join('; ')}; COMMIT;`,
        facts: { sessions: who },
        cause,
      },
    );
  }
}

/** Who is there now; a server that does not answer any more has nobody to name. */
async function whoIsThere(checked: CheckedOptions, options: ConnectOptions): Promise<readonly string[]> {
  let who: readonly string[] = [];
  await onServer(checked, options, async (wire) => void (who = await sessionsIn(wire))).catch(() => undefined);
  return who;
}

async function sessionsIn(wire: Wire): Promise<readonly string[]> {
  return ((await wire.run(OTHERS))[0]?.rows ?? []).map(({ who }) => `${who ?? ''}.`);
}

/** A database cannot be renamed by who is connected to it. */
async function onThird(
  checked: CheckedOptions,
  options: ConnectOptions,
  work: (wire: Wire) => Promise<void>,
): Promise<void> {
  const { origin } = checked;
  if (origin.kind !== 'address') throw new Error('its address is not known');
  let first: unknown = null;
  for (const database of THIRD) {
    if (database === origin.address.database) continue;
    try {
      return await onServer(
        { ...checked, origin: { kind: 'address', address: { ...origin.address, database } } },
        options,
        work,
      );
    } catch (error) {
      if (!(error instanceof DetentError) || error.code !== 'CONNECTION') throw error;
      first ??= error;
    }
  }
  throw first;
}

/** Which every server has, unless somebody took one away. */
const THIRD = ['postgres', 'template1'];

const RIGHTS =
  "SELECT r.rolsuper OR r.rolcreatedb AND pg_has_role(d.datdba, 'USAGE') FROM pg_catalog.pg_roles r, pg_catalog.pg_database d " +
  'WHERE r.rolname = current_user AND d.datname = current_database()';

/** What belongs to a database and neither comes with a backup nor follows a name. */
const STAYING =
  "SELECT format('The logical replication slot %I', slot_name) AS what FROM pg_catalog.pg_replication_slots WHERE database = current_database() " +
  "UNION ALL SELECT 'Its being a template' FROM pg_catalog.pg_database WHERE datname = current_database() AND datistemplate " +
  "UNION ALL SELECT format('Its security label of %I', provider) FROM pg_catalog.pg_shseclabel s JOIN pg_catalog.pg_database d ON d.oid = s.objoid " +
  "WHERE s.classoid = 'pg_catalog.pg_database'::regclass AND d.datname = current_database()";

const OTHERS =
  "SELECT format('Process %s of %s is connected', pid, usename) AS who FROM pg_catalog.pg_stat_activity " +
  "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type NOT LIKE 'autovacuum%' " +
  "UNION ALL SELECT format('The transaction %s is prepared', gid) FROM pg_catalog.pg_prepared_xacts WHERE database = current_database()";

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
}
