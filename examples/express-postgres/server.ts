import express from 'express';
import { Pool } from 'pg';
import { detent } from '@detent/express';
import { postgres } from '@detent/postgres';

const url = process.env['DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';
const port = Number(process.env['PORT'] ?? 3000);
const pool = new Pool({ connectionString: url });

const migrations = detent({
  adapter: postgres({ url }),
  migrations: `${import.meta.dirname}/migrations`,
  logger: console,
});
const app = express();
app.use(migrations); // before everything else
app.use(express.json());

app.get('/notes', async (_, response) => {
  const { rows } = await pool.query<{ id: string; body: string }>('SELECT id, body FROM notes ORDER BY id');
  response.json(rows);
});
app.post('/notes', async (request, response) => {
  const { body } = request.body as { readonly body: string };
  const { rows } = await pool.query('INSERT INTO notes (body) VALUES ($1) RETURNING id, body', [body]);
  response.status(201).json(rows[0]);
});

const server = app.listen(port, () => console.log(`http://127.0.0.1:${port}/notes`));
process.on('SIGTERM', () => server.close(() => void pool.end()));
