import process from 'node:process';
import { asDetentError, ERROR_CODES } from '@detent/core';
import { labelled, padEnd, screenOf, type Screen } from '@detent/core/render';
import { examine, type Finding } from '../examine.ts';
import { writeDocument, type ExitCode, type Invocation } from '../io.ts';

/** Looks at everything that a run will need. Writes nothing into the database. */
export async function run(invocation: Invocation): Promise<ExitCode> {
  const findings: Finding[] = [];
  let failure: ExitCode = 0;
  try {
    for await (const finding of examine(invocation)) findings.push(finding);
  } catch (thrown) {
    const error = asDetentError(thrown, 'INTERNAL', (words) => words);
    failure = ERROR_CODES[error.code];
    const name = ERROR_CODES[error.code] === ERROR_CODES.CONFIG ? 'configuration' : 'connection';
    findings.push({ group: 'Database', name, level: 'error', value: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  }
  const isWell = findings.every(({ level }) => level !== 'error');
  const exitCode = isWell ? 0 : failure === 0 ? ERROR_CODES.DRIFT : failure;
  if (invocation.flags.json) writeDocument({ healthy: isWell, exitCode, findings });
  else draw(screenOf(process.stdout), findings, invocation.flags.quiet);
  return exitCode;
}

function draw(screen: Screen, findings: readonly Finding[], quiet: boolean): void {
  const { marks, paint, write, columns } = screen;
  const width = findings.reduce((most, { name }) => Math.max(most, name.length), 0);
  const looks = { ok: [marks.done, 'good'], warn: [marks.warning, 'warn'], error: [marks.failed, 'bad'] } as const;
  let group = '';
  for (const finding of findings) {
    if (quiet && finding.level === 'ok') continue;
    if (finding.group !== group) write(`${group === '' ? '' : '\n'}${paint('strong', finding.group)}\n`);
    group = finding.group;
    const [mark, tone] = looks[finding.level];
    const [first = '', ...rest] = labelled({ ...screen, columns: columns - 2 }, padEnd(finding.name, width), finding.value, width).trimEnd().split('\n');
    write(`  ${paint(tone, mark)} ${[first.trimStart(), ...rest.map((line) => `  ${line}`)].join('\n')}\n`);
    if (finding.hint !== undefined && (finding.level !== 'ok' || !quiet)) {
      const hint = labelled({ ...screen, columns: columns - 2 }, '', finding.hint, width).trimEnd().split('\n').map((line) => `  ${paint('faint', line)}`);
      write(`${hint.join('\n')}\n`);
    }
  }
  const count = (level: Finding['level']): number => findings.filter((finding) => finding.level === level).length;
  const [errors, warnings] = [count('error'), count('warn')];
  const words = errors + warnings === 0 ? paint('good', `${marks.done} Everything that a run needs is there.`) : `${errors === 0 ? paint('warn', marks.warning) : paint('bad', marks.failed)} ${errors} wrong, ${warnings} to look at.`;
  write(`\n${words}\n`);
}
