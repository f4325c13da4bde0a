import type { DetentError } from '@detent/core';
import { counted, frameOf, screenOf } from '@detent/core/render';
import type { Report, ReportRow, ReportStatus } from './report.ts';

const HEADS: Readonly<Record<ReportStatus, string>> = {
  ok: '✅ ok',
  pending: '🟡 pending',
  failed: '❌ failed',
  refused: '⛔ refused',
};

/** More rows than anybody reads. */
const MOST_ROWS = 200;

/** How a file below the migrations folder is shown, and its text for the lines around an error. */
export interface ReportFiles {
  readonly showFile: (file: string) => string;
  readonly readFile: (file: string) => string | null;
}

/** The report for the job summary and for the comment. What comes from files or servers is never read as Markdown. */
export function markdownOf(report: Report, files: ReportFiles): string {
  const { command, status, target, rows, errors, warnings, notes } = report;
  const parts = [
    `### Detent ${command ?? ''} — ${HEADS[status]}`.replace('  ', ' '),
    ...(command === 'check' && notes.length > 0 ? [] : [sentences(report)]),
    ...notes.map(plain),
    ...(rows.length === 0 ? [] : [table(rows)]),
    ...errors.map((error) => errorPart(error, files)),
    ...(warnings.length === 0 ? [] : [[...new Set(warnings)].map((warning) => `- ⚠️ ${plain(warning)}`).join('\n')]),
    ...(target === null ? [] : [`<sub>${plain(target)} · exit code ${report.exitCode}</sub>`]),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** At most so many characters, with a word that something is missing. */
export function cutTo(text: string, most: number): string {
  if (text.length <= most) return text;
  const note = '\n\n*Cut here: the log of the job has all of it.*\n';
  const cut = text.slice(0, most - note.length - 8).replace(/[\ud800-\udbff]$/u, '');
  const isInFence = (cut.match(/^(?:`{3,})/gmu)?.length ?? 0) % 2 === 1;
  return `${cut}${isInFence ? '\n```' : ''}${note}`;
}

function sentences({ applied, pending, reverted, currentVersion, targetVersion }: Report): string {
  const counts = [
    ...(applied > 0 ? [`${counted(applied, 'migration')} applied`] : []),
    ...(reverted > 0 ? [`${counted(reverted, 'migration')} undone`] : []),
    ...(pending > 0 ? [`${counted(pending, 'migration')} pending`] : []),
  ];
  const at = currentVersion === null ? '' : `At version ${code(currentVersion)}`;
  const next =
    at === '' || targetVersion === null || targetVersion === currentVersion
      ? at
      : `${at}; the newest is ${code(targetVersion)}`;
  return [...(counts.length === 0 ? [] : [`${counts.join(', ')}.`]), ...(next === '' ? [] : [`${next}.`])].join(' ');
}

function table(rows: readonly ReportRow[]): string {
  const shown = rows.slice(0, MOST_ROWS);
  const lines = shown.map(({ version, name, state, durationMs }) =>
    ['', version === null ? '' : code(version), code(name), state, durationMs === null ? '' : `${durationMs} ms`, '']
      .join(' | ')
      .trim(),
  );
  const rest = rows.length - shown.length;
  return [
    '| version | name | state | time |',
    '|---|---|---|---|',
    ...lines,
    ...(rest > 0 ? [`| | and ${rest} more | | |`] : []),
  ].join('\n');
}

function errorPart(error: DetentError, { showFile, readFile }: ReportFiles): string {
  const { place } = error.facts;
  const screen = { ...screenOf(process.stdout), paint: (_: string, text: string) => text };
  const frame = frameOf(screen, error, { readFile });
  const where =
    place === undefined
      ? ''
      : code([showFile(place.file), place.line, place.column].filter((part) => part !== undefined).join(':'));
  return [
    `**${error.code}** ${plain(error.message)}`,
    where,
    frame === null ? '' : fenced(frame.replace(/^ {4}/gmu, '').trimEnd()),
    error.hint === undefined ? '' : `Hint: ${plain(error.hint)}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Nothing in it means anything to Markdown, HTML or GitHub. */
function plain(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_{}[\]()#+!|~]/gu, (character) => `&#${character.codePointAt(0) ?? 0};`)
    .replaceAll('@', '@\u200b')
    .replace(/\s+/gu, ' ');
}

function code(text: string): string {
  return `<code>${plain(text)}</code>`;
}

function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/gu)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}
