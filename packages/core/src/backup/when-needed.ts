import type { BackupDriver } from '../ports/backup.ts';

/** A backup driver that is loaded when it is first asked for: most starts need none. */
export function backupWhenNeeded(load: () => Promise<BackupDriver>): BackupDriver {
  let loaded: Promise<BackupDriver> | null = null;
  const driver = (): Promise<BackupDriver> => (loaded ??= load());
  return {
    check: async (folder) => (await driver()).check(folder),
    backup: async (path, signal) => (await driver()).backup(path, signal),
    verify: async (manifest) => (await driver()).verify(manifest),
    sums: async () => (await driver()).sums(),
    othersWrote: async (manifest) => (await driver()).othersWrote(manifest),
    restore: async (manifest, record) => (await driver()).restore(manifest, record),
    delete: async (manifest) => (await driver()).delete(manifest),
  };
}
