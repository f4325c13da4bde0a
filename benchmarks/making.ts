import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Contestant } from './race.ts';
import type { Workplace } from './workplace.ts';

/** Contestants that each write a backup, of `leastBytes` with what stands beside it, into a folder made anew. */
export function making(
  workplace: Workplace,
  leastBytes: number,
): (name: string, start: (target: string) => Command) => Contestant {
  const place = workplace.folder('backup');
  return (name, start) => ({
    name,
    ready() {
      rmSync(place, { recursive: true });
      mkdirSync(place);
      return start(join(place, 'app.backup'));
    },
    check() {
      const bytes = readdirSync(place).reduce((sum, file) => sum + statSync(join(place, file)).size, 0);
      if (bytes < leastBytes) throw new Error(`${name} wrote ${bytes} bytes only.`);
    },
  });
}
