import { ERROR_CODES } from '@detent/core';
import { harmless, padEnd, screenOf, wrap, type Screen } from '@detent/core/render';
import { examine, type Finding } from '../examine.ts';
import { writeDocument, type ExitCode, type Invocation } from '../io.ts';

/** Looks at everything that a run will need. Writes nothing into the database. */
export async function run(invocation: Invocation): Promise<ExitCode> {
  const { findings, failure } = await examine(invocation);
  const isWell = findings.every(({ level }) => level !== 'error');
  const exitCode = isWell ? 0 : ERROR_CODES[failure?.code ?? 'DRIFT'];
  if (invocation.flags.json) writeDocument({ healthy: isWell, exitCode, findings });
  else draw(screenOf(process.stdout), findings, invocation.flags.quiet);
  return exitCode;
}

function draw(screen: Screen, findings: readonly Finding[], quiet: boolean): void {
  const { marks, paint, write } = screen;
  const width = findings.reduce((most, { name }) => Math.max(most, name.length), 0);
  const shown = findings.filter(({ level }) => !quiet || level !== 'ok');
  for (const [index, finding] of shown.entries()) {
    const { group } = finding;
    if (group !== shown[index - 1]?.group) write(`${index === 0 ? '' : '\n'}${paint('strong', group)}\n`);
    write(drawFinding(screen, finding, width));
  }
  const count = (level: Finding['level']): number => findings.filter((finding) => finding.level === level).length;
  const [wrong, doubtful] = [count('error'), count('warn')];
  if (wrong + doubtful > 0) {
    const mark = wrong === 0 ? paint('warn', marks.warning) : paint('bad', marks.failed);
    write(`\n${mark} ${wrong} wrong, ${doubtful} to look at.\n`);
  } else if (!quiet) {
    write(`\n${paint('good', marks.done)} Everything that a run needs is there.\n`);
  }
}

function drawFinding({ marks, paint, columns }: Screen, { name, value, level, hint }: Finding, width: number): string {
  const looks = { ok: [marks.done, 'good'], warn: [marks.warning, 'warn'], error: [marks.failed, 'bad'] } as const;
  const [mark, tone] = looks[level];
  const indent = ' '.repeat(width + 6);
  const room = Math.max(20, columns - indent.length);
  const [first = '', ...rest] = wrap(harmless(value), room);
  const more = [...rest, ...(hint === undefined ? [] : wrap(hint, room).map((line) => paint('faint', line)))];
  return `  ${paint(tone, mark)} ${padEnd(name, width)}  ${first}\n${more.map((line) => `${indent}${line}\n`).join('')}`;
}
