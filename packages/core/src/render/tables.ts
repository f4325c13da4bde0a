import type { PlanReport } from '../run/check.ts';
import type { MigrationStatus, Status, StatusWord } from '../plan/status.ts';
import type { HistoryEntry, LedgerEvent } from '../ports/history.ts';
import type { MigrationFile } from '../ports/source.ts';
import type { LoadedStep } from '../validate/pending.ts';
import type { Screen, Tone } from './screen.ts';
import { atVersion } from './state.ts';
import { counted, cut, harmless, moment, padEnd, partsOf } from './text.ts';

/** Long scripts are shown by their beginning. */
const MOST_STATEMENTS = 5;
const MOST_LINES = 4;
const MOST_ID = 16;

export function statusTable(screen: Screen, { target, migrations, version, counts, holder }: Status): string {
  const { marks, paint } = screen;
  const rows = migrations.map((migration) => statusRow(screen, migration, versionWidth(migrations)));
  const others = counts.other === 0 ? '' : `, ${paint('warn', `${counts.other} to look at`)}`;
  const tally = `${counts.applied} applied, ${counts.pending === 0 ? 'none pending' : paint('accent', `${counts.pending} pending`)}${others}`;
  const lock =
    holder === null
      ? ''
      : `${paint('warn', marks.warning)} ${holder.username} on ${holder.host} (process ${holder.pid}) holds the lock since ${moment(holder.since)}\n`;
  return `${paint('strong', target)} is ${atVersion(version)}: ${tally}\n${rows.length === 0 ? '' : `\n${rows.join('')}`}${lock === '' ? '' : `\n${lock}`}`;
}

function statusRow(screen: Screen, migration: MigrationStatus, width: number): string {
  const { version, name, status, appliedAt } = migration;
  const { marks, paint, columns } = screen;
  const [mark, tone] = look(screen, status);
  const when = appliedAt === null ? '' : moment(appliedAt);
  const room = Math.max(12, columns - width - 40);
  const nameCell = padEnd(cut(name, room, marks.more), Math.min(room, 36));
  return (
    `  ${paint(tone, mark)} ${paint('faint', padEnd(version ?? 'R', width))}  ${nameCell}  ${paint(tone, padEnd(status, 9))}  ${paint('faint', when)}`.trimEnd() +
    '\n' +
    stoppedLines(migration)
      .map(
        (line) => `    ${' '.repeat(width)}  ${paint('faint', cut(harmless(line), columns - width - 8, marks.more))}\n`,
      )
      .join('')
  );
}

/** Where it stopped, why, and what settles it where a person has to. */
function stoppedLines({ id, version, file, status, stopped }: MigrationStatus): readonly string[] {
  if (stopped === null) return [];
  const { done, total, error } = stopped;
  const [one, several] = status === 'rolling_back' ? ['is undone', 'are undone'] : ['stands', 'stand'];
  const which = version ?? id;
  return [
    ...(total === null ? [] : [`${done} of ${counted(total, partsOf(file))} ${total === 1 ? one : several}`]),
    ...(error === null ? [] : [error.replaceAll(/\s+/g, ' ')]),
    ...(status === 'unknown' ? [`detent resolve ${which} --as applied`, 'or --as rolled_back'] : []),
  ];
}

function look({ marks }: Screen, status: StatusWord): readonly [string, Tone] {
  switch (status) {
    case 'applied':
    case 'baseline':
      return [marks.done, 'good'];
    case 'pending':
      return [marks.pending, 'accent'];
    case 'ignored':
    case 'rolled_back':
      return [marks.bullet, 'faint'];
    case 'missing':
    case 'edited':
    case 'running':
    case 'rolling_back':
    case 'restoring':
      return [marks.warning, 'warn'];
    case 'failed':
    case 'unknown':
      return [marks.failed, 'bad'];
  }
}

export function migratedTable(screen: Screen, entries: readonly HistoryEntry[]): string {
  const width = versionWidth(entries);
  return entries
    .map(
      ({ version, name, finishedAt }) =>
        `  ${screen.paint('faint', `${screen.marks.done} ${padEnd(version ?? 'R', width)}  ${name}  ${finishedAt === null ? '' : moment(finishedAt)}`)}\n`,
    )
    .join('');
}

export function ignoredTable(screen: Screen, files: readonly MigrationFile[]): string {
  const width = versionWidth(files);
  return files
    .map(
      ({ version, name }) =>
        `  ${screen.paint('faint', `${screen.marks.bullet} ${padEnd(version ?? 'R', width)}  ${name}  passed over`)}\n`,
    )
    .join('');
}

export function planTable(screen: Screen, { plan, loaded }: PlanReport, everything: boolean): string {
  const { marks, paint } = screen;
  const { steps } = plan;
  if (steps.length === 0) return '';
  const width = versionWidth(steps.map(({ info }) => info));
  let text = `${paint('strong', `${counted(steps.length, 'migration')} would run`)}; nothing was executed.\n`;
  for (const { info, entry, reason } of steps) {
    const mark = info.direction === 'up' ? marks.pending : marks.down;
    const word = reason === 'interrupted' && entry?.state === 'failed' ? 'failed before' : reason;
    const why = reason === 'pending' || reason === 'requested' ? '' : `  ${paint('warn', word)}`;
    text += `\n  ${paint('accent', mark)} ${paint('faint', padEnd(info.version ?? 'R', width))}  ${paint('strong', info.name)}${why}\n`;
    const step = loaded.steps.find((item) => item.info === info);
    if (step !== undefined) text += stepDetails(screen, step, everything);
  }
  return text;
}

function stepDetails(screen: Screen, { info, loaded }: LoadedStep, everything: boolean): string {
  const { marks, paint, columns } = screen;
  const action = loaded[info.direction];
  const indent = `    ${paint('faint', marks.bar)} `;
  if (action === null) return '';
  if (action.kind === 'code') return `${indent}${paint('faint', `code: \`${info.direction}\` of ${info.file}`)}\n`;
  if (action.kind === 'stages')
    return action.stages.map(({ name, kind }) => `${indent}${paint('faint', `${kind}: ${harmless(name)}`)}\n`).join('');
  const some = everything ? action.statements : action.statements.slice(0, MOST_STATEMENTS);
  let text = '';
  for (const statement of some) {
    const lines = harmless(statement.text).split('\n');
    const kept = everything ? lines : lines.slice(0, MOST_LINES);
    const tone: Tone = statement.destroys === null ? 'faint' : 'warn';
    kept.forEach((line, index) => {
      const last = index === kept.length - 1;
      const end = !last ? '' : kept.length < lines.length ? ` ${marks.more}` : ';';
      const shown = cut(line, columns - 8, marks.more);
      text += `${indent}${paint(tone, shown.endsWith(marks.more) ? shown : shown + end)}\n`;
    });
  }
  const rest = action.statements.length - some.length;
  return rest === 0
    ? text
    : `${text}${indent}${paint('faint', `and ${counted(rest, 'more statement')}; --verbose shows all`)}\n`;
}

export function historyTable(screen: Screen, events: readonly LedgerEvent[]): string {
  const { paint, columns, marks } = screen;
  const actors = new Set(events.map(({ actor }) => actor));
  const widthOfActor = actors.size === 1 ? 0 : Math.max(...[...actors].map((actor) => actor.length)) + 2;
  const widthOfAction = events.reduce((most, { action }) => Math.max(most, action.length), 0);
  const widthOfId = Math.min(
    MOST_ID,
    events.reduce((most, { id }) => Math.max(most, id?.length ?? 0), 0),
  );
  const room = columns - 'yyyy-mm-dd hh:mm:ss'.length - widthOfAction - widthOfId - widthOfActor - 8;
  const rows = events.map(({ at, action, id, actor, detail }) => {
    const cells = [
      paint('faint', moment(at)),
      paint(actionTone(action), padEnd(action, widthOfAction)),
      padEnd(cut(id ?? '', widthOfId, marks.more), widthOfId),
      ...(widthOfActor === 0 ? [] : [padEnd(actor, widthOfActor - 2)]),
      paint('faint', detail === null ? '' : cut(plainDetail(detail), room, marks.more)),
    ];
    return `  ${cells.join('  ').trimEnd()}\n`;
  });
  return `${paint('strong', counted(events.length, 'line'))}${actors.size === 1 ? `, all by ${[...actors].join('')}` : ''}\n\n${rows.join('')}`;
}

/** Details that are written for programs are shown as words. */
function plainDetail(detail: string): string {
  if (detail.startsWith('/')) return detail.slice(detail.lastIndexOf('/') + 1);
  if (!detail.startsWith('{')) return harmless(detail).split('\n')[0] ?? '';
  let parsed: unknown;
  try {
    parsed = JSON.parse(detail);
  } catch {
    return harmless(detail);
  }
  const entries = Object.entries(parsed as object).filter(([, value]) => value !== null && value !== true);
  return harmless(entries.map(([key, value]) => `${key} ${shortened(String(value))}`).join(', '));
}

/** Hashes by their beginning, paths by their end. */
function shortened(value: string): string {
  return value.replace(/^sha256:(.{12}).*$/, '$1').replace(/^\/.*\//, '');
}

function actionTone(action: string): Tone {
  if (/fail/.test(action)) return 'bad';
  if (/applied|finished|baselined/.test(action)) return 'good';
  return /undo|undone|roll|restor/.test(action) ? 'warn' : 'accent';
}

function versionWidth(items: readonly { readonly version: string | null }[]): number {
  return items.reduce((most, { version }) => Math.max(most, version?.length ?? 1), 1);
}
