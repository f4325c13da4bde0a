import { DetentError, type BackupDriver } from '@detent/core';

export const NO_BACKUP = 'Backups of MySQL and MariaDB are not made yet; use mariadb-dump or mysqldump.';

/** There is none yet: it is refused before anything runs. */
export function createBackup(): BackupDriver {
  const refuse = (): Promise<never> => Promise.reject(new DetentError('BACKUP_UNFIT', NO_BACKUP));
  return {
    check: async () => [NO_BACKUP],
    backup: refuse,
    verify: refuse,
    sums: refuse,
    othersWrote: refuse,
    restore: refuse,
    delete: refuse,
  };
}
