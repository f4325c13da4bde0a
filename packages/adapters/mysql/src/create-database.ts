import { DetentError, misuse } from '@detent/core';
import { mariadb, quoteIdent } from '@detent/sql';
import { connect, shownTarget, type ConnectOptions } from './connect.ts';
import { translate } from './errors.ts';
import type { CheckedOptions } from './options.ts';
import { isRefused, type Wire } from './wire.ts';

/**
 * Makes an empty database of that name on the same server, with the character set and the order of the one that `checked`
 * points to. Throws `CONFIG` when it is there already, and `BACKUP_UNFIT` where this user may not.
 */
export async function createDatabase(checked: CheckedOptions, name: string, options: ConnectOptions): Promise<void> {
  await onServer(checked, options, async (wire) => {
    const [like] = await wire.run('SELECT @@character_set_database AS charset, @@collation_database AS collation');
    const { charset, collation } = like?.rows[0] ?? {};
    try {
      await wire.run(
        `CREATE DATABASE ${quoteIdent(mariadb, name)} CHARACTER SET ${charset ?? ''} COLLATE ${collation ?? ''}`,
      );
    } catch (error) {
      if (isRefused(error, 1007))
        throw misuse(`There is a database ${name} already.`, 'Choose another name, or drop it first.');
      if (isRefused(error, 1044))
        throw new DetentError('BACKUP_UNFIT', `This user may not create the database ${name}.`, {
          hint: `GRANT ALL ON \`${name}\`.* TO it, and on \`${name}\\_detent\\_%\`.*, where a restore makes its tables.`,
          cause: error,
        });
      throw error;
    }
  });
}

export function dropDatabase(checked: CheckedOptions, name: string, options: ConnectOptions): Promise<void> {
  return onServer(checked, options, async (wire) => {
    await wire.run(`DROP DATABASE IF EXISTS ${quoteIdent(mariadb, name)}`);
  });
}

/** There is no statement that renames a database. */
export function noSwap(): DetentError {
  return new DetentError('BACKUP_UNFIT', 'Two databases of this kind cannot exchange their names.', {
    hint: 'Leave out --swap, and point the application to the new one.',
  });
}

async function onServer(
  checked: CheckedOptions,
  options: ConnectOptions,
  work: (wire: Wire) => Promise<void>,
): Promise<void> {
  const wire = await connect(checked, options);
  try {
    await work(wire);
  } catch (error) {
    throw translate(error, shownTarget(checked));
  } finally {
    await wire.close(false);
  }
}
