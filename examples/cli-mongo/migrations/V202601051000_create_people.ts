import { defineMigration } from '@detent/mongo';

const PEOPLE = [
  { _id: 1, name: 'Anna Berg', email: 'Anna@Example.com' },
  { _id: 2, name: 'Bo Lund', email: 'BO@example.com' },
];

export default defineMigration({
  up: [
    { name: 'collection', kind: 'schema', run: (db) => db.createCollection('people') },
    { name: 'first people', kind: 'data', run: (db) => db.collection<{ _id: number }>('people').insertMany(PEOPLE) },
  ],
  down: [{ name: 'drop', kind: 'schema', run: (db) => db.collection('people').drop() }],
});
