import { expect, test } from 'vitest';
import { describeError, DetentError } from './errors.ts';

test('an error of another copy of this package is recognised', () => {
  const other = Object.assign(new Error('x'), { name: 'DetentError', code: 'CHECKSUM', hint: undefined, facts: {} });
  expect(other).toBeInstanceOf(DetentError);
  expect(new Error('x')).not.toBeInstanceOf(DetentError);
  expect(Object.assign(new Error('x'), { code: 'ENOENT' })).not.toBeInstanceOf(DetentError);
});

test('as a document an error has its code, its hint, its facts and the words of its cause', () => {
  const error = new DetentError('CHECKSUM', 'edited', { hint: 'undo', facts: { a: 1 }, cause: new TypeError('why') });
  const document = { code: 'CHECKSUM', message: 'edited', hint: 'undo', facts: { a: 1 }, cause: 'TypeError: why' };
  expect(describeError(error)).toEqual(document);
  expect(JSON.parse(JSON.stringify(error))).toEqual(document);
});
