import type { LifecycleEvent, StepInfo } from '../events.ts';
import type { Plan } from '../plan/plan.ts';
import { liveLine } from './live-line.ts';
import type { Screen, Tone } from './screen.ts';
import { bytes, counted, cut, grouped, milliseconds, padEnd, padStart, partsOf, wrap } from './text.ts';

/** In a log, something that takes long shows every so often that it goes on. */
const LOG_EVERY_MS = 10_000;
const MADE = 'made and verified';

/** What is known of the step that runs. */
interface Running {
  readonly step: StepInfo;
  readonly startedAt: number;
  readonly total: number | null;
  done: number;
  rows: number | null;
  /** How far the statement is that runs, where the database tells. */
  phase: Extract<LifecycleEvent, { kind: 'statement-advanced' }> | null;
  batch: Extract<LifecycleEvent, { kind: 'batch-finished' }> | null;
}

/** Draws a run line by line as its events are heard. */
export interface Progress {
  hear(event: LifecycleEvent): void;
  /** Steps aside for a line of somebody else. */
  interrupt(write: () => void): void;
}

export function progressOf(screen: Screen): Progress {
  const { marks, paint } = screen;
  const live = liveLine(screen);
  const say = (text: string): void => {
    live.clear();
    screen.write(`${text}\n`);
  };
  let widths = { version: 0, name: 0 };
  let running: Running | null = null;
  let isGoingBack = false;
  let loggedAt = Date.now();
  let isWaiting = false;

  const line = (mark: string, tone: Tone, step: StepInfo, ms: number, details: string): void => {
    const { version, name } = cells(step, widths, marks.more);
    say(
      `  ${paint(tone, mark)} ${paint('faint', version)}  ${name}  ${padStart(milliseconds(ms), 8)}${details === '' ? '' : `  ${paint('faint', details)}`}`,
    );
  };
  const now = (): string => {
    if (running === null) return '';
    const { version, name } = cells(running.step, widths, marks.more);
    return `  ${marks.running} ${version}  ${name}  ${padStart(milliseconds(Date.now() - running.startedAt), 8)}  ${describeRunning(running, marks.dot)}`;
  };
  const goOn = (): void => {
    live.show(now);
    if (screen.isLive || Date.now() - loggedAt < LOG_EVERY_MS) return;
    loggedAt = Date.now();
    screen.write(`${now()}\n`);
  };

  const hear = (event: LifecycleEvent): void => {
    switch (event.kind) {
      case 'run-started':
        loggedAt = Date.now();
        return;
      case 'lock-waiting': {
        const { holder, waitedMs } = event;
        const words = (): string =>
          `  ${marks.running} waiting for the lock of ${holder.username} on ${holder.host} (process ${holder.pid}), ${milliseconds(waitedMs)}`;
        live.show(words);
        if (screen.isLive || (isWaiting && Date.now() - loggedAt < LOG_EVERY_MS)) return;
        isWaiting = true;
        loggedAt = Date.now();
        screen.write(`${words()}\n`);
        return;
      }
      case 'lock-acquired':
        isWaiting = false;
        live.clear();
        return;
      case 'recovered': {
        const then = event.from === event.to ? 'goes on' : `now ${event.to}`;
        const words = `${event.id}  left ${event.from} by an earlier run, ${then}: ${event.why}`;
        const [head = '', ...more] = wrap(words, screen.columns - 4);
        say([`  ${paint('warn', marks.warning)} ${head}`, ...more.map((line) => `    ${line}`)].join('\n'));
        return;
      }
      case 'planned':
        widths = widthsOf(event.plan, screen.columns);
        say(paint('strong', headline(event.plan)));
        return;
      case 'backup-started':
        widths = { ...widths, name: Math.max(widths.name, MADE.length) };
        live.show(() => `  ${marks.running} backing up`);
        return;
      case 'backup-finished':
        say(
          `  ${paint('good', marks.done)} ${paint('faint', padEnd('backup', widths.version))}  ${padEnd(MADE, widths.name)}  ${padStart(milliseconds(event.durationMs), 8)}  ${paint('faint', bytes(event.manifest.bytes))}`,
        );
        return;
      case 'hook-started':
        live.show(() => `  ${marks.running} ${event.hook}`);
        return;
      case 'step-started':
        running = {
          step: event.step,
          startedAt: Date.now(),
          total: event.statements,
          done: event.done,
          rows: null,
          phase: null,
          batch: null,
        };
        goOn();
        return;
      case 'statement-finished':
        if (running === null) return;
        // Its transaction was taken back and begins again.
        if (event.done <= running.done) running.rows = null;
        running.done = event.done;
        running.phase = null;
        if (event.rows !== null) running.rows = (running.rows ?? 0) + event.rows;
        goOn();
        return;
      case 'statement-advanced':
        if (running === null) return;
        running.phase = event;
        goOn();
        return;
      case 'batch-finished':
        if (running === null) return;
        running.batch = event;
        goOn();
        return;
      case 'step-finished': {
        const { step, durationMs, result } = event;
        const [mark, tone] = isGoingBack
          ? ([marks.undone, 'warn'] as const)
          : step.direction === 'down'
            ? ([marks.down, 'good'] as const)
            : ([marks.done, 'good'] as const);
        line(mark, tone, step, durationMs, describeFinished(running, result));
        running = null;
        return;
      }
      case 'step-failed': {
        line(
          marks.failed,
          'bad',
          event.step,
          running === null ? 0 : Date.now() - running.startedAt,
          describeFailed(running, event.statement),
        );
        running = null;
        return;
      }
      case 'rollback-started':
        isGoingBack = true;
        if (event.strategy !== 'none') say(paint('strong', `Rolling back by ${event.strategy}`));
        return;
      case 'restore-started':
        live.show(() => `  ${marks.running} restoring the backup`);
        return;
      case 'restore-finished':
        say(
          `  ${paint('warn', marks.undone)} ${paint('faint', padEnd('backup', widths.version))}  ${padEnd('restored', widths.name)}  ${padStart(milliseconds(event.durationMs), 8)}`,
        );
        return;
      case 'rollback-finished':
      case 'run-finished':
        live.clear();
        return;
      case 'warning':
        // They are drawn together at the end.
        return;
    }
  };

  return {
    hear,
    interrupt(write) {
      live.clear();
      write();
      if (running !== null) live.show(now);
    },
  };
}

function headline({ operation, steps }: Plan): string {
  const count = counted(steps.length, 'migration');
  if (operation === 'down') return `Undoing ${count}`;
  return operation === 'redo' ? `Undoing ${steps[0]?.info.file ?? ''} and applying it again` : `Applying ${count}`;
}

function widthsOf({ steps }: Plan, columns: number): { version: number; name: number } {
  const version = steps.reduce((most, { info }) => Math.max(most, (info.version ?? 'R').length), 'backup'.length);
  const name = steps.reduce((most, { info }) => Math.max(most, info.name.length), 12);
  // What is left beside mark, version, time and the details.
  return { version, name: Math.max(12, Math.min(name, columns - version - 44)) };
}

function cells(
  step: StepInfo,
  widths: { readonly version: number; readonly name: number },
  more: string,
): { version: string; name: string } {
  return {
    version: padEnd(step.version ?? 'R', widths.version),
    name: padEnd(cut(step.name, widths.name, more), widths.name),
  };
}

function describeRunning({ step, done, total, rows, phase, batch }: Running, dot: string): string {
  const parts: string[] = [];
  if (total !== null && total > 0) parts.push(`${done}/${counted(total, partsOf(step.file))}`);
  if (rows !== null && rows > 0) parts.push(counted(rows, 'row'));
  if (phase !== null) parts.push(phase.percent === null ? phase.phase : `${phase.percent} % ${phase.phase}`);
  if (batch !== null) {
    const percent = batch.total === 0 ? 100 : Math.min(100, Math.floor((100 * batch.done) / batch.total));
    parts.push(`${percent} %`);
    if (batch.etaMs !== null) parts.push(`${milliseconds(batch.etaMs)} left`);
    parts.push(`${grouped(batch.total)} ${batch.table}`);
  }
  return parts.join(` ${dot} `);
}

/** `statement`: which one it was, where that is known, and not only how far the server had come with all of them. */
function describeFailed(running: Running | null, statement: number | null): string {
  if (running === null || running.total === null) return 'failed';
  const part = partsOf(running.step.file);
  const at = statement ?? running.done + 1;
  return at <= running.total ? `failed at ${part} ${at} of ${running.total}` : `failed after its last ${part}`;
}

function describeFinished(running: Running | null, result: string | null): string {
  const parts: string[] = [];
  if (running !== null && running.total !== null) parts.push(counted(running.total, partsOf(running.step.file)));
  if (running !== null && running.rows !== null && running.rows > 0) parts.push(counted(running.rows, 'row'));
  if (running !== null && running.batch !== null)
    parts.push(`${counted(running.batch.done, 'row')} of ${running.batch.table}`);
  if (result !== null) parts.push(result.split('\n')[0] ?? '');
  return parts.join(', ');
}
