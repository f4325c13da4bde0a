import { describe, expect, test } from 'vitest';
import { parseUrl } from './url.ts';

describe('a URL of MongoDB', () => {
  test.each([
    ['mongodb://localhost/app', { hosts: ['localhost'], database: 'app', parameters: {} }],
    [
      'mongodb://a%40b:p%3Aw%2F@one:27017,two:27018/app?replicaSet=rs0&authSource=admin&tls=true',
      {
        hosts: ['one:27017', 'two:27018'],
        user: 'a@b',
        password: 'p:w/',
        parameters: { replicaSet: 'rs0', authSource: 'admin', tls: true },
      },
    ],
    ['mongodb+srv://user@cluster.example.com/app?w=majority&retryWrites=true', { scheme: 'mongodb+srv', user: 'user' }],
    ['mongodb://[::1]:27017/app', { hosts: ['[::1]:27017'] }],
    ['mongodb://localhost', { hosts: ['localhost'] }],
  ])('is read: %s', (url, wanted) => {
    expect(parseUrl(url)).toMatchObject(wanted);
  });

  test.each([
    'postgres://localhost/app',
    'localhost/app',
    'mongodb:///app',
    'mongodb://one,,two/app',
    'mongodb://host:0/app',
    'mongodb://%2Ftmp%2Fmongodb.sock/app',
    'mongodb+srv://one,two/app',
    'mongodb+srv://one:27017/app',
    'mongodb://localhost/a.b',
    'mongodb://localhost/a b',
    'mongodb://localhost/app?replicaset=rs0',
    'mongodb://localhost/app?w=1',
    'mongodb://localhost/app?retryWrites=false',
    'mongodb://localhost/app?tls=maybe',
    'mongodb://localhost/app?authMechanism=MONGODB-OIDC',
    'mongodb://user:a%ZZ@localhost/app',
    'mongodb://local\nhost/app',
  ])('F98 F99 is refused without being shown: %s', (url) => {
    const secret = url.replace('://', '://who:geheim@');
    for (const given of [url, secret])
      expect(() => parseUrl(given)).toThrow(
        expect.objectContaining({
          code: 'CONFIG',
          message: expect.not.stringContaining('geheim') as string,
          hint: expect.stringMatching(/\S/) as string,
        }),
      );
  });
});
