import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { url } from './settings.ts';

@Injectable()
export class NotesService implements OnModuleInit, OnModuleDestroy {
  readonly #pool: Pool = createPool(url.replace(/^mariadb:/, 'mysql:'));
  #countAtStart = 0;

  /** The table is there: the migrations are done. */
  async onModuleInit(): Promise<void> {
    this.#countAtStart = (await this.all()).length;
  }

  async onModuleDestroy(): Promise<void> {
    await this.#pool.end();
  }

  get countAtStart(): number {
    return this.#countAtStart;
  }

  async all(): Promise<readonly RowDataPacket[]> {
    const [rows] = await this.#pool.query<RowDataPacket[]>('SELECT id, body FROM notes ORDER BY id');
    return rows;
  }
}
