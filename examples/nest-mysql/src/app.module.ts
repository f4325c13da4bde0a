import { Module } from '@nestjs/common';
import { mysql } from '@detent/mysql';
import { DetentModule } from '@detent/nest';
import { NotesController } from './notes.controller.ts';
import { NotesService } from './notes.service.ts';
import { url } from './settings.ts';

export const port = Number(process.env['PORT'] ?? 3000);

@Module({
  imports: [DetentModule.forRoot({ adapter: mysql({ url }), migrations: 'migrations', probes: { port } })],
  controllers: [NotesController],
  providers: [NotesService],
})
export class AppModule {}
