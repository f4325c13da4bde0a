import type { ServerFact, ServerInfo } from '@detent/core';
import type { Greeting } from './greeting.ts';
import type { Link } from './link.ts';

const OLDEST = 120_000;
/** Beyond it times in the history and times in the server's log do not go together. */
const CLOCK_DIFFERENCE_MS = 5_000;

/** The facts come with the first question that is put to the server: a start that finds nothing to do must not pay for them. */
export function describeServer(link: Link): ServerInfo {
  return {
    product: 'PostgreSQL',
    get version() {
      return link.known()?.version ?? link.wire.serverVersion ?? 'unknown';
    },
    get facts() {
      const greeting = link.known();
      return greeting === null ? [] : factsOf(greeting);
    },
  };
}

function factsOf(greeting: Greeting): readonly ServerFact[] {
  const { version, versionNumber, user, database, schema, walLevel, encoding, clockOffsetMs } = greeting;
  return [
    versionNumber < OLDEST
      ? { name: 'PostgreSQL', value: version, level: 'warn', hint: 'Detent is tested on PostgreSQL 15 and later.' }
      : { name: 'PostgreSQL', value: version, level: 'ok' },
    { name: 'database', value: `${database}, as ${user}${greeting.isSuperuser ? ' (superuser)' : ''}`, level: 'ok' },
    schemaFact(greeting),
    writableFact(greeting),
    greeting.pooled
      ? {
          name: 'pooler',
          value: 'between here and the server',
          level: 'warn',
          hint: 'Give `directUrl` for statements that cannot run in a transaction, such as CREATE INDEX CONCURRENTLY.',
        }
      : { name: 'pooler', value: 'none', level: 'ok' },
    Math.abs(clockOffsetMs) > CLOCK_DIFFERENCE_MS
      ? {
          name: 'clock',
          value: `${Math.round(clockOffsetMs / 1_000)} s apart`,
          level: 'warn',
          hint: 'Set both clocks by NTP.',
        }
      : { name: 'clock', value: 'as here', level: 'ok' },
    greeting.maySignal
      ? { name: 'unlock --fence', value: 'may end any session', level: 'ok' }
      : { name: 'unlock --fence', value: `may end sessions of ${user}`, level: 'ok' },
    encoding === 'UTF8'
      ? { name: 'encoding', value: encoding, level: 'ok' }
      : {
          name: 'encoding',
          value: encoding,
          level: 'warn',
          hint: 'What it cannot write is refused; UTF8 takes everything.',
        },
    { name: 'history', value: `in the schema ${schema}`, level: 'ok' },
    { name: 'wal_level', value: walLevel, level: 'ok' },
  ];
}

function schemaFact({ schema, schemaExists, mayCreate, user, tables }: Greeting): ServerFact {
  const name = 'privileges';
  if (!schemaExists) return { name, value: `the schema ${schema} is not there yet`, level: 'ok' };
  if (mayCreate) return { name, value: `may create in the schema ${schema}`, level: 'ok' };
  return {
    name,
    value: `may not create in the schema ${schema}`,
    level: tables.history ? 'warn' : 'error',
    hint: `GRANT CREATE ON SCHEMA ${schema} TO ${user}, or name another with \`schema\`.`,
  };
}

function writableFact({ isStandby, isReadOnly }: Greeting): ServerFact {
  const name = 'writable';
  if (isStandby) return { name, value: 'no: it is a standby', level: 'error', hint: 'Connect to the primary.' };
  if (isReadOnly)
    return {
      name,
      value: 'no: default_transaction_read_only is on',
      level: 'error',
      hint: 'Switch it off for this role.',
    };
  return { name, value: 'yes', level: 'ok' };
}
