import { postgres, quoteIdent } from '@detent/sql';
import { literal } from './inline.ts';
import type { DatabaseSettings, DefaultGrants, Grant, Granted, Schema } from './objects.ts';

/** The commands that give the objects of one schema, which is there, the owners, grants, comments and settings of the other. */
export function attributeChanges(live: Schema, wanted: Schema, database: string): readonly string[] {
  return [
    ...ownerChanges(live, wanted),
    ...grantChanges(live.granted, wanted.granted),
    ...commentChanges(live, wanted),
    ...databaseChanges(live.database, wanted.database, quoteIdent(postgres, database)),
    ...wanted.defaults.flatMap(makeDefaults),
  ];
}

/** Whatever is granted by default would be granted on everything that is made again. */
export function clearDefaults(defaults: readonly DefaultGrants[]): readonly string[] {
  return defaults.flatMap(({ role, schema, what, grants }) => {
    const prefix = `ALTER DEFAULT PRIVILEGES FOR ROLE ${role}${schema === null ? '' : ` IN SCHEMA ${schema}`}`;
    const revoked = [...new Set(grants.map(([, grantee]) => grantee))].map(
      (grantee) => `${prefix} REVOKE ALL ON ${what} FROM ${grantee}`,
    );
    if (schema !== null) return revoked;
    const builtIn = [`${prefix} GRANT ALL ON ${what} TO ${role}`];
    if (what === 'FUNCTIONS') builtIn.push(`${prefix} GRANT EXECUTE ON FUNCTIONS TO PUBLIC`);
    if (what === 'TYPES') builtIn.push(`${prefix} GRANT USAGE ON TYPES TO PUBLIC`);
    return [...revoked, ...builtIn];
  });
}

function ownerChanges(live: Schema, wanted: Schema): readonly string[] {
  const owners = new Map(live.objects.map(({ label, owner }) => [label, owner]));
  return wanted.objects.flatMap(({ label, owner, ddl, kind }) => {
    // A sequence of a column goes with its table.
    const follows = kind === 'sequence' && ddl.some((text) => /^ALTER (?:TABLE|SEQUENCE .* OWNED BY)/.test(text));
    if (owner === null || owner === owners.get(label) || follows) return [];
    return [`ALTER ${label} OWNER TO ${owner}`];
  });
}

function grantChanges(live: readonly Granted[], wanted: readonly Granted[]): readonly string[] {
  const there = new Map(live.map((granted) => [granted.target, granted]));
  const kept = new Set(wanted.map(({ target }) => target));
  const gone = live.filter(({ target }) => !kept.has(target));
  return [
    ...gone.flatMap(({ target, owner, grants }) => [
      ...revokeAll(target, owner, grants),
      ...builtInGrants(target, owner),
    ]),
    ...wanted.flatMap(({ target, owner, grants }) => {
      const now = there.get(target);
      if (now !== undefined && now.owner === owner && same(now.grants, grants)) return [];
      return [...revokeAll(target, owner, now?.grants ?? []), ...giveAll(target, owner, grants)];
    }),
  ];
}

function revokeAll(target: string, owner: string, grants: readonly Grant[]): readonly string[] {
  const grantees = new Set(['PUBLIC', owner, ...grants.map(([, grantee]) => grantee)]);
  return [...grantees].map((grantee) => `REVOKE ALL ${on(target)} FROM ${grantee} CASCADE`);
}

function giveAll(target: string, owner: string, grants: readonly Grant[]): readonly string[] {
  return grants.flatMap(([grantor, grantee, privilege, grantable]) => {
    const give = `GRANT ${privilege} ${on(target)} TO ${grantee}${grantable ? ' WITH GRANT OPTION' : ''}`;
    return grantor === owner ? [give] : [`SET LOCAL ROLE ${grantor}`, give, 'SET LOCAL ROLE NONE'];
  });
}

/** What was granted before anybody said anything. */
function builtInGrants(target: string, owner: string): readonly string[] {
  if (target.startsWith('(')) return [];
  const all = [`GRANT ALL ${on(target)} TO ${owner}`];
  if (/^(?:FUNCTION|PROCEDURE) /.test(target)) all.push(`GRANT EXECUTE ${on(target)} TO PUBLIC`);
  if (target.startsWith('TYPE ')) all.push(`GRANT USAGE ${on(target)} TO PUBLIC`);
  return all;
}

/** `ON TABLE x`, or of a column `(c) ON TABLE x`, which follows the privilege. */
function on(target: string): string {
  const column = /^(\((?:"(?:[^"]|"")*"|[^)])*\)) (.*)$/su.exec(target);
  return column === null ? `ON ${target}` : `${column[1] ?? ''} ON ${column[2] ?? ''}`;
}

function commentChanges(live: Schema, wanted: Schema): readonly string[] {
  const there = new Map(live.comments);
  const kept = new Set(wanted.comments.map(([target]) => target));
  return [
    ...live.comments.flatMap(([target]) => (kept.has(target) ? [] : [`COMMENT ON ${target} IS NULL`])),
    ...wanted.comments.flatMap(([target, text]) =>
      there.get(target) === text ? [] : [`COMMENT ON ${target} IS ${literal(text)}`],
    ),
  ];
}

/** Their values are lists, quoted already. */
const LISTS = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

function databaseChanges(live: DatabaseSettings, wanted: DatabaseSettings, name: string): readonly string[] {
  const changes: string[] = [];
  if (live.owner !== wanted.owner) changes.push(`ALTER DATABASE ${name} OWNER TO ${wanted.owner}`);
  const target = `DATABASE ${name}`;
  if (!same(live.grants, wanted.grants)) {
    changes.push(...revokeAll(target, wanted.owner, live.grants ?? []));
    const builtIn = [`GRANT ALL ON ${target} TO ${wanted.owner}`, `GRANT CONNECT, TEMPORARY ON ${target} TO PUBLIC`];
    changes.push(...(wanted.grants === null ? builtIn : giveAll(target, wanted.owner, wanted.grants)));
  }
  if (live.comment !== wanted.comment)
    changes.push(`COMMENT ON ${target} IS ${wanted.comment === null ? 'NULL' : literal(wanted.comment)}`);
  if (!same(live.settings, wanted.settings)) {
    const of = (role: string | null): string => (role === null ? `ALTER ${target}` : `ALTER ROLE ${role} IN ${target}`);
    for (const role of new Set([...live.settings, ...wanted.settings].map(([who]) => who)))
      changes.push(`${of(role)} RESET ALL`);
    for (const [role, setting, value] of wanted.settings)
      changes.push(
        `${of(role)} SET ${quoteSetting(setting)} TO ${LISTS.has(setting) ? value || "''" : literal(value)}`,
      );
  }
  return changes;
}

/** Settings of extensions have a dot. */
function quoteSetting(name: string): string {
  return name
    .split('.')
    .map((part) => quoteIdent(postgres, part))
    .join('.');
}

function makeDefaults({ role, schema, what, grants }: DefaultGrants): readonly string[] {
  const prefix = `ALTER DEFAULT PRIVILEGES FOR ROLE ${role}${schema === null ? '' : ` IN SCHEMA ${schema}`}`;
  return [
    ...(schema === null ? [role, 'PUBLIC'].map((grantee) => `${prefix} REVOKE ALL ON ${what} FROM ${grantee}`) : []),
    ...grants.map(
      ([, grantee, privilege, grantable]) =>
        `${prefix} GRANT ${privilege} ON ${what} TO ${grantee}${grantable ? ' WITH GRANT OPTION' : ''}`,
    ),
  ];
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
