import { Controller, Get, Inject } from '@nestjs/common';
import { NotesService } from './notes.service.ts';

@Controller('notes')
export class NotesController {
  constructor(@Inject(NotesService) private readonly notes: NotesService) {}

  @Get()
  async all(): Promise<object> {
    return { countAtStart: this.notes.countAtStart, notes: await this.notes.all() };
  }
}
