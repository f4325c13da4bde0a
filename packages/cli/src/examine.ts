import { existsSync, statfsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import {
  asDetentError,
  ERROR_CODES,
  type DetentError,
  type MigrationScriptExecutor,
  type ServerFact,
} from '@detent/core';
import { bytes, counted, moment } from '@detent/core/render';
import type { Invocation } from './io.ts';
import { isNodeTooOld, OLDEST_NODE } from './node-version.ts';
import { withExecutor, type Session } from './session.ts';

/** One thing that was looked at. */
export interface Finding extends ServerFact {
  readonly group: 'Here' | 'Database' | 'Migrations';
}

/** Less than this is little for a backup of anything. */
const LITTLE_SPACE = 256 * 1024 * 1024;

export interface Examination {
  readonly findings: readonly Finding[];
  /** Why it could not be finished: no configuration, or no connection. `null` when it was. */
  readonly failure: DetentError | null;
}

/** Looks at one thing after another. Never throws. */
export async function examine(invocation: Invocation): Promise<Examination> {
  const findings: Finding[] = [node()];
  try {
    await withExecutor(invocation, async (session) => {
      findings.push(...here(session));
      for await (const finding of inside(session)) findings.push(finding);
      return 0;
    });
    return { findings, failure: null };
  } catch (thrown) {
    const failure = asDetentError(thrown, 'INTERNAL', (words) => words);
    return { findings: [...findings, trouble(failure)], failure };
  }
}

function trouble({ code, message, hint }: DetentError): Finding {
  const isConfig = ERROR_CODES[code] === ERROR_CODES.CONFIG;
  const [group, name] = isConfig ? (['Here', 'configuration'] as const) : (['Database', 'connection'] as const);
  return { group, name, level: 'error', value: message, ...(hint === undefined ? {} : { hint }) };
}

function node(): Finding {
  const finding = { group: 'Here', name: 'Node', value: process.versions.node } as const;
  if (!isNodeTooOld()) return { ...finding, level: 'ok' };
  return { ...finding, level: 'error', hint: `Detent needs Node ${OLDEST_NODE} or later.` };
}

function* here({ configuration, executor }: Session): Generator<Finding> {
  const { file, environment, origins, warnings } = configuration;
  const { settings } = executor;
  const group = 'Here';
  const name = environment === null ? '' : `, environment ${environment}`;
  yield {
    group,
    name: 'configuration',
    value: file === null ? 'none; flags and variables only' : `${relative('.', file)}${name}`,
    level: 'ok',
  };
  for (const warning of warnings) yield { group, name: 'configuration', value: warning, level: 'warn' };
  yield {
    group,
    name: 'adapter',
    value: `${settings.adapter.name}, from ${origins.get('url') ?? (origins.has('adapter') ? 'the configuration' : 'a URL')}`,
    level: 'ok',
  };
  yield* backupFolder(executor);
}

function* backupFolder({ settings }: MigrationScriptExecutor): Generator<Finding> {
  const folder = resolve(settings.cwd, settings.backup.folder);
  const needs = settings.rollback === 'backup' || settings.rollback === 'both';
  let there = folder;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  const { bavail, bsize } = statfsSync(there);
  const free = bavail * bsize;
  const finding = { group: 'Here', name: 'backups', value: `${settings.backup.folder}, ${bytes(free)} free` } as const;
  yield free < LITTLE_SPACE && needs
    ? { ...finding, level: 'warn', hint: 'Free some space, or set backup.folder to another disk.' }
    : { ...finding, level: 'ok' };
}

async function* inside({ executor }: Session): AsyncGenerator<Finding> {
  const { settings } = executor;
  const { server, holder, capabilities } = await executor.inspect();
  const group = 'Database';
  yield { group, name: 'connection', value: settings.adapter.target, level: 'ok' };
  for (const fact of server.facts) yield { group, ...fact };
  const needsBackup = settings.rollback === 'backup' || settings.rollback === 'both';
  yield {
    group,
    name: 'DDL in transactions',
    value: capabilities.transactionalDdl
      ? 'yes: a failed migration leaves nothing'
      : 'no: a failed migration is finished by the next run',
    level: 'ok',
  };
  yield capabilities.backup === true
    ? { group, name: 'backup', value: 'possible', level: 'ok' }
    : {
        group,
        name: 'backup',
        value: capabilities.backup,
        level: needsBackup ? 'error' : 'warn',
        hint: needsBackup
          ? `The strategy "${settings.rollback}" needs one.`
          : 'The strategies "backup" and "both" are refused here.',
      };
  yield holder === null
    ? { group, name: 'lock', value: 'free', level: 'ok' }
    : {
        group,
        name: 'lock',
        value: `held by ${holder.username} on ${holder.host} (process ${holder.pid}) since ${moment(holder.since)}`,
        level: 'warn',
        hint: 'If that process is gone or stuck for certain, run `detent unlock --fence`.',
      };
  yield await clock(executor);
  yield* migrations(executor);
}

/** Time runs forwards; a clock that was set back spoils versions and ledger. */
async function clock(executor: MigrationScriptExecutor): Promise<Finding> {
  const newest = (await executor.history(1)).at(-1);
  const now = Date.now();
  const finding = { group: 'Database', name: 'clock', value: moment(now) } as const;
  if (newest === undefined || newest.at <= now + 60_000) return { ...finding, level: 'ok' };
  return {
    ...finding,
    level: 'warn',
    hint: `The newest line of the ledger is of ${moment(newest.at)}: this clock, or the one that wrote it, is wrong.`,
  };
}

async function* migrations(executor: MigrationScriptExecutor): AsyncGenerator<Finding> {
  const status = await executor.status();
  const { counts, version } = status;
  const { migrations: source, rollback } = executor.settings;
  const group = 'Migrations';
  const name = typeof source === 'string' ? source : source.name;
  yield { group, name: 'found', value: `${counted(status.migrations.length, 'migration')} in ${name}`, level: 'ok' };
  const value = version === null ? 'nothing is applied yet' : `version ${version}`;
  const tally = `${value}, ${counts.applied} applied, ${counts.pending} pending`;
  yield counts.other === 0
    ? { group, name: 'history', value: tally, level: 'ok' }
    : {
        group,
        name: 'history',
        value: `${tally}, ${counts.other} to look at`,
        level: 'warn',
        hint: 'See `detent status`.',
      };
  yield { group, name: 'strategy', value: STRATEGIES[rollback], level: 'ok' };
  for (const warning of status.warnings) yield { group, name: 'warning', value: warning, level: 'warn' };
  for (const problem of await executor.validate()) {
    yield {
      group,
      name: problem.code.toLowerCase().replaceAll('_', ' '),
      value: problem.message,
      level: 'error',
      ...(problem.hint === undefined ? {} : { hint: problem.hint }),
    };
  }
}

const STRATEGIES = {
  none: 'none: what succeeded before a failure stays',
  down: "down: a failed run is undone by its migrations' `down`",
  backup: 'backup: a failed run is undone by restoring a backup',
  both: 'both: undone by `down`, proven, and else by restoring a backup',
} as const;
