import type { Scan } from '../src/scan/scanner.ts';
import type { HistoryEntry } from '../src/ports/history.ts';
import type { MigrationFile } from '../src/ports/source.ts';
import { normalizeVersion } from '../src/scan/version.ts';

/** `V<version>_m.sql`; the text stands for its checksum. */
export function file(version: string, text: string = version): MigrationFile {
  const name = `V${version}_m.sql`;
  return {
    id: normalizeVersion(version),
    version,
    name: 'm',
    kind: 'versioned',
    file: name,
    filepath: name,
    checksum: text,
    rawChecksum: text,
    up: { kind: 'script', file: name, text: async () => text },
    down: null,
    twin: null,
  };
}

export function repeatable(name: string, text: string = name): MigrationFile {
  const path = `R__${name}.sql`;
  return { ...file('1', text), id: `R__${name}`, version: null, name, kind: 'repeatable', file: path, filepath: path };
}

export function entry(of: MigrationFile, state: HistoryEntry['state'] = 'applied', appliedOrder = 1): HistoryEntry {
  const { id, version, name, kind, checksum, rawChecksum } = of;
  return { id, version, name, kind, file: of.file, checksum, rawChecksum, state, appliedOrder, finishedAt: 0 };
}

export function scan(files: readonly MigrationFile[], entries: readonly HistoryEntry[]): Scan {
  return { files, hooks: [], problems: [], history: { exists: entries.length > 0, entries } };
}
