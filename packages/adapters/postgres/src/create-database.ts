import { DetentError, misuse } from '@detent/core';
import { postgres, quoteIdent } from '@detent/sql';
import { connect, shownTarget, type ConnectOptions } from './connect.ts';
import { translate } from './errors.ts';
import { isRefused } from './link.ts';
import type { CheckedOptions } from './options.ts';
import type { Wire } from './wire.ts';

/**
 * Makes an empty database of that name on the same server, like the one that `checked` points to in encoding, order and
 * tablespace. What else belongs to a database comes with the backup. Throws `CONFIG` when it is there already, and
 * `BACKUP_UNFIT` where this user may not.
 */
export async function createDatabase(checked: CheckedOptions, name: string, options: ConnectOptions): Promise<void> {
  const quoted = quoteIdent(postgres, name);
  await onServer(checked, options, async (wire) => {
    const [version] = await wire.run("SELECT current_setting('server_version_num')::int / 10000 AS major");
    const major = Number(version?.rows[0]?.['major']);
    const [like] = await wire.run(likeSql(major));
    const traits = Object.entries(like?.rows[0] ?? {}).map(([trait, value]) =>
      value === null ? '' : ` ${trait} ${value}`,
    );
    try {
      await wire.run(`CREATE DATABASE ${quoted} TEMPLATE template0${traits.join('')}`);
    } catch (error) {
      if (isRefused(error, '42P04'))
        throw misuse(`There is a database ${name} already.`, 'Choose another name, or drop it first.');
      if (isRefused(error, '42501'))
        throw new DetentError('BACKUP_UNFIT', 'This user may not create a database.', {
          hint: `ALTER ROLE … CREATEDB, or let an administrator create an empty ${name} and name it with --url.`,
          cause: error,
        });
      throw error;
    }
  });
}

export function dropDatabase(checked: CheckedOptions, name: string, options: ConnectOptions): Promise<void> {
  return onServer(checked, options, async (wire) => {
    await wire.run(`DROP DATABASE IF EXISTS ${quoteIdent(postgres, name)}`);
  });
}

export async function onServer(
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

/** The options of CREATE DATABASE, quoted, by name. */
function likeSql(major: number): string {
  const quotedText = (column: string): string => `quote_literal(${column})`;
  const locale = major >= 17 ? 'datlocale' : 'daticulocale';
  const columns: Readonly<Record<string, string>> = {
    ENCODING: quotedText('pg_encoding_to_char(encoding)'),
    LC_COLLATE: quotedText('datcollate'),
    LC_CTYPE: quotedText('datctype'),
    'CONNECTION LIMIT': 'datconnlimit',
    TABLESPACE: '(SELECT quote_ident(spcname) FROM pg_catalog.pg_tablespace t WHERE t.oid = dattablespace)',
    ...(major >= 15
      ? {
          LOCALE_PROVIDER: "CASE datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END",
          ICU_LOCALE: `CASE datlocprovider WHEN 'i' THEN ${quotedText(locale)} END`,
        }
      : {}),
    ...(major >= 16 ? { ICU_RULES: quotedText('daticurules') } : {}),
    ...(major >= 17 ? { BUILTIN_LOCALE: `CASE datlocprovider WHEN 'b' THEN ${quotedText(locale)} END` } : {}),
  };
  const list = Object.entries(columns).map(([name, expression]) => `${expression} AS ${quoteIdent(postgres, name)}`);
  return `SELECT ${list.join(', ')} FROM pg_catalog.pg_database WHERE datname = current_database()`;
}
