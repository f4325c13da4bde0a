import type { ServerFact, ServerInfo } from '@detent/core';
import type { Greeting } from './greeting.ts';
import type { Link } from './link.ts';
import type { BackupMethod } from './method.ts';

/** Beyond it times in the history and times in the server's log do not go together. */
const CLOCK_DIFFERENCE_MS = 5_000;

/** The facts come with the first question that is put to the server: a start that finds nothing to do must not pay for them. */
export function describeServer(link: Link, backup: BackupMethod): ServerInfo {
  return {
    get product() {
      return link.known()?.product ?? 'MySQL';
    },
    get version() {
      return link.known()?.version ?? 'unknown';
    },
    get facts() {
      const greeting = link.known();
      return greeting === null ? [] : [...factsOf(greeting), backupFact(greeting, backup)];
    },
  };
}

function factsOf(greeting: Greeting): readonly ServerFact[] {
  const { product, version, user, database, schema, schemaExists, isReadOnly, proxied, sqlMode, clockOffsetMs } =
    greeting;
  return [
    { name: product, value: version, level: 'ok' },
    { name: 'database', value: `${database ?? 'none'}, as ${user}`, level: 'ok' },
    greeting.hasAtomicDdl
      ? { name: 'changes of the schema', value: 'each as a whole', level: 'ok' }
      : {
          name: 'changes of the schema',
          value: 'a crash may leave a half of one',
          level: 'warn',
          hint: 'A migration that dies in one is for a person to settle; MariaDB 10.6 and MySQL 8.0 know better.',
        },
    isReadOnly
      ? { name: 'writable', value: 'no: read_only is on', level: 'warn', hint: 'Connect to the primary.' }
      : { name: 'writable', value: 'yes', level: 'ok' },
    proxied
      ? {
          name: 'proxy',
          value: 'between here and the server',
          level: 'warn',
          hint: 'It must keep one connection to the server for each client; a lock does not hold otherwise.',
        }
      : { name: 'proxy', value: 'none', level: 'ok' },
    Math.abs(clockOffsetMs) > CLOCK_DIFFERENCE_MS
      ? {
          name: 'clock',
          value: `${Math.round(clockOffsetMs / 1_000)} s apart`,
          level: 'warn',
          hint: 'Set both clocks by NTP.',
        }
      : { name: 'clock', value: 'as here', level: 'ok' },
    {
      name: 'history',
      value: `in the database ${schema}${schemaExists ? '' : ', which is not there yet'}`,
      level: 'ok',
    },
    { name: 'sql_mode', value: sqlMode === '' ? 'empty' : sqlMode, level: 'ok' },
    { name: 'max_allowed_packet', value: `${Math.round(greeting.maxPacket / 1_048_576)} MiB`, level: 'ok' },
  ];
}

function backupFact({ product }: Greeting, backup: BackupMethod): ServerFact {
  const program = product === 'MariaDB' ? 'mariadb-dump' : 'mysqldump';
  return { name: 'backup by', value: backup === 'dump' ? program : 'copy', level: 'ok' };
}
