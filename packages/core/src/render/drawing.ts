import { screenOf, type Screen } from './screen.ts';

/** A screen whose text is kept. */
export interface Drawing extends Screen {
  readonly text: () => string;
}

/** With no colours, in a window of `columns`. `isLive` draws the last line again. */
export function drawing(columns = 80, isLive = false): Drawing {
  let drawn = '';
  const screen = screenOf(process.stdout, { LANG: 'C.UTF-8' });
  return {
    ...screen,
    columns,
    isLive,
    paint: (_, text) => text,
    write: (text) => void (drawn += text),
    text: () => drawn,
  };
}
