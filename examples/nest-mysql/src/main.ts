import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule, port } from './app.module.ts';

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(port);
