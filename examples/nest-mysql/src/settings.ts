export const url: string = process.env['DATABASE_URL'] ?? 'mysql://root@127.0.0.1:3306/app';
