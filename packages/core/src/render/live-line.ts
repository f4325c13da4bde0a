import type { Screen } from './screen.ts';
import { cut } from './text.ts';

const REDRAW_MS = 100;

/** The last line of a terminal, drawn again while something runs. Where there is no terminal it is nothing. */
export interface LiveLine {
  /** `describe` is asked at each redraw, at most ten times a second; it gives plain text. */
  show(describe: () => string): void;
  /** Takes the line away, so that something lasting can be written. */
  clear(): void;
}

export function liveLine(screen: Screen): LiveLine {
  let describe: (() => string) | null = null;
  let timer: NodeJS.Timeout | null = null;
  let drawnAt = 0;
  let isDrawn = false;
  const draw = (): void => {
    if (describe === null) return;
    drawnAt = Date.now();
    isDrawn = true;
    const text = cut(describe(), screen.columns - 1, screen.marks.more);
    screen.write(`\r\u001b[2K${screen.paint('accent', text)}`);
  };
  return {
    show(next) {
      if (!screen.isLive) return;
      const isNew = describe === null;
      describe = next;
      // The timer is for what takes long between two events; a busy loop of events redraws by itself.
      timer ??= setInterval(draw, REDRAW_MS).unref();
      if (isNew || Date.now() - drawnAt >= REDRAW_MS) draw();
    },
    clear() {
      if (timer !== null) clearInterval(timer);
      timer = null;
      describe = null;
      if (isDrawn) screen.write('\r\u001b[2K');
      isDrawn = false;
    },
  };
}
