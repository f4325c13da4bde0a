import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ErrorPayload } from 'vite';
import type { DetentError, MigrationResult } from '@detent/core';
import { frameOf, harmless, screenOf, stateAfterFailure } from '@detent/core/render';

/** What to do in the dev server about an applied migration that was edited; `null` when there is none among the errors. */
export function redoHint(errors: readonly DetentError[]): string | null {
  if (errors.every(({ code }) => code !== 'CHECKSUM')) return null;
  return 'Press r + enter where the dev server runs to undo that migration and apply it as it is now.';
}

/** Gives the text of a file of the folder; `null` when it cannot be had. */
export function readerOf(folder: string | null): (file: string) => string | null {
  return (file) => {
    try {
      return readFileSync(resolve(folder ?? '', file), 'utf8');
    } catch {
      return null;
    }
  };
}

/** A failure as Vite's overlay shows it: what, where, the lines around it, and what to do. `folder`: of the migrations. */
export function overlayOf(
  errors: readonly DetentError[],
  result: MigrationResult | null,
  folder: string | null,
): ErrorPayload['err'] {
  const [first] = errors;
  const pathOf = (file: string): string => (folder === null ? file : resolve(folder, file));
  const { marks, ...rest } = screenOf(process.stderr);
  // The overlay knows the lines around a place by this bar.
  const screen = { ...rest, columns: 110, marks: { ...marks, bar: '|' }, paint: (_: string, text: string) => text };
  const readFile = readerOf(folder);
  const paragraphs = errors.flatMap(({ message, hint }) => [message, ...(hint === undefined ? [] : [`Hint: ${hint}`])]);
  const redo = redoHint(errors);
  if (redo !== null) paragraphs.push(redo);
  const place = first?.facts.place;
  // As much of the file as can be had, or else the statement alone.
  const frame =
    (place === undefined ? null : frameOf(screen, { facts: { place } }, { readFile })) ??
    (first === undefined ? null : frameOf(screen, first, { readFile }));
  return {
    plugin: 'detent',
    message: harmless([...paragraphs, ...(result === null ? [] : [stateAfterFailure(result)])].join('\n\n')),
    stack: '',
    ...(frame === null ? {} : { frame: frame.replace(/^ {4}/gmu, '') }),
    ...(place === undefined
      ? {}
      : {
          id: pathOf(place.file),
          loc: { file: pathOf(place.file), line: place.line ?? 1, column: place.column ?? 1 },
        }),
  };
}
