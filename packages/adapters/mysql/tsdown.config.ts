import { adapter, type UserConfig } from '../../../tsdown.base.ts';

const LOOKING = [
  'adapter',
  'bookkeeping',
  'cluster',
  'connect',
  'driver',
  'engine',
  'entries',
  'errors',
  'failure',
  'greeting',
  'history',
  'link',
  'literal',
  'method',
  'options',
  'server',
  'session',
  'settings',
  'tls',
  'url',
  'ways',
  'wire',
  'wire-mysql2',
];

const config: UserConfig = adapter(LOOKING, [
  'client-',
  'data-columns',
  'data-tables',
  'dump',
  'fill',
  'json-decimals',
  'method-',
  'programs',
  'rebuild',
  'row\\.',
  'shadow',
  'snapshot',
  'swap',
  'witness',
]);

export default config;
