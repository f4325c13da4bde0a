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
  'options',
  'server',
  'session',
  'settings',
  'tls',
  'url',
  'wire',
  'wire-mysql2',
];

const config: UserConfig = adapter(LOOKING, [
  'data-columns',
  'data-tables',
  'dump',
  'json-decimals',
  'programs',
  'rebuild',
  'row\\.',
  'shadow',
  'snapshot',
  'swap',
  'witness',
]);

export default config;
