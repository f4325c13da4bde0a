import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { restores, type Settings } from '../config.ts';
import { asDetentError, DetentError, type Problem } from '../errors.ts';
import type { Events } from '../events.ts';
import type { Manifest } from '../ports/backup.ts';
import type { HistoryStore } from '../ports/history.ts';
import type { MigrationSession } from '../ports/session.ts';
import { readManifest } from './manifest.ts';

/** The seeds' service: makes, verifies, restores and deletes backups of one database. */
export class BackupService {
  readonly #session: MigrationSession;
  readonly #settings: Settings;
  readonly #events: Events;

  constructor(session: MigrationSession, settings: Settings, events: Events) {
    this.#session = session;
    this.#settings = settings;
    this.#events = events;
  }

  get folder(): string {
    return resolve(this.#settings.cwd, this.#settings.backup.folder);
  }

  /** Everything that stands in the way of a backup into the configured folder, or into that of `path`. */
  async obstacles(path: string | null): Promise<readonly string[]> {
    const { capabilities, backup } = this.#session;
    if (capabilities.backup !== true) return [capabilities.backup];
    return backup.check(await nearestFolder(path === null ? this.folder : dirname(resolve(this.#settings.cwd, path))));
  }

  /** What speaks against a run under the configured strategy. */
  async problems(): Promise<readonly Problem[]> {
    const { rollback, backup } = this.#settings;
    if (!restores(rollback) || backup.mode === 'manual') return [];
    const unfit = (reason: string): Problem =>
      new DetentError('BACKUP_UNFIT', `The strategy "${rollback}" needs a backup: ${reason}`, {
        hint: 'Mend that, or choose the strategy "down" or "none".',
      });
    const { capabilities } = this.#session;
    if (capabilities.backup !== true) return [unfit(capabilities.backup)];
    if (backup.mode === 'restore-only' && backup.from !== null) return this.#flawsOf(backup.from);
    return (await this.obstacles(null)).map(unfit);
  }

  /** Makes a backup and reads it again before anybody relies on it. `path`: in the configured folder unless given. */
  async backup(runId: string, path: string | null, signal: AbortSignal): Promise<Manifest> {
    const target =
      path === null ? join(this.folder, `${timestamp()}-${runId}.backup`) : resolve(this.#settings.cwd, path);
    const startedAt = Date.now();
    this.#events.emit({ kind: 'backup-started', path: target });
    if (path === null) await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const manifest = await this.#session.backup.backup(target, signal);
    await this.#session.backup.verify(manifest);
    this.#events.emit({ kind: 'backup-finished', manifest, durationMs: Date.now() - startedAt });
    return manifest;
  }

  /** Reads a backup that was made earlier. Throws `BACKUP_DAMAGED`, also when it belongs to another kind of database. */
  async open(path: string): Promise<Manifest> {
    const manifest = await readManifest(resolve(this.#settings.cwd, path));
    const { name } = this.#settings.adapter;
    if (manifest.adapter !== name) {
      throw new DetentError('BACKUP_DAMAGED', `${path} is a backup of ${manifest.adapter}, not of ${name}.`, {
        hint: 'Name a backup of this database.',
      });
    }
    await this.#session.backup.verify(manifest);
    return manifest;
  }

  async #flawsOf(path: string): Promise<readonly Problem[]> {
    try {
      await this.open(path);
      return [];
    } catch (thrown) {
      return [asDetentError(thrown, 'BACKUP_DAMAGED', (words) => `The backup ${path} cannot be read: ${words}`)];
    }
  }

  /** Puts it back, with what `record` writes into its history. */
  async restore(manifest: Manifest, record: (history: HistoryStore) => Promise<void>): Promise<void> {
    const startedAt = Date.now();
    this.#events.emit({ kind: 'restore-started', path: manifest.path });
    await this.#session.backup.restore(manifest, record);
    this.#events.emit({ kind: 'restore-finished', path: manifest.path, durationMs: Date.now() - startedAt });
  }

  async deleteBackup(manifest: Manifest): Promise<void> {
    await this.#session.backup.delete(manifest);
  }
}

function timestamp(): string {
  return new Date()
    .toISOString()
    .replace(/[-:]/g, '')
    .replace(/\.\d+Z$/, 'Z');
}

/** The folder itself, or the nearest one above it that is there: the rest will be made. */
async function nearestFolder(folder: string): Promise<string> {
  const parent = dirname(folder);
  if (parent === folder) return folder;
  return (await stat(folder).catch(() => null)) === null ? nearestFolder(parent) : folder;
}
