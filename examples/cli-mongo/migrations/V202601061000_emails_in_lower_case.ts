import { defineMigration } from '@detent/mongo';

type Person = { readonly _id: number; readonly email: string };

export default defineMigration({
  up: [
    {
      name: 'lower case',
      kind: 'batches',
      run: (db, _, handler) =>
        handler.forEachBatch<Person>({ table: 'people', size: 1_000 }, async (people) => {
          for (const { _id, email } of people)
            await db.collection<Person>('people').updateOne({ _id }, { $set: { email: email.toLowerCase() } });
        }),
    },
    {
      name: 'one account each',
      kind: 'schema',
      run: (db) => db.collection('people').createIndex({ email: 1 }, { name: 'one_account_each', unique: true }),
    },
  ],
  // What was written in capitals before is not known any more; nothing depends on it.
  down: [{ name: 'index', kind: 'schema', run: (db) => db.collection('people').dropIndex('one_account_each') }],
});
