import { defineConfig } from '@detent/core';
import { mongo } from '@detent/mongo';

const url = process.env['DATABASE_URL'] ?? 'mongodb://127.0.0.1:27017/app?replicaSet=rs0';

export default defineConfig({ adapter: mongo({ url }), migrations: 'migrations', rollback: 'down' });
