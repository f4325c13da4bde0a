declare module 'virtual:detent/migrations' {
  import type { MigrationSource } from '@detent/core';

  /** Every migration of the project, for `migrations` of an executor. */
  const migrations: MigrationSource;
  export default migrations;
}
