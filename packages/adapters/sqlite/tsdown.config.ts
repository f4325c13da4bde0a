import { adapter, type UserConfig } from '../../../tsdown.base.ts';

const config: UserConfig = adapter([
  'adapter',
  'bookkeeping',
  'define',
  'busy',
  'driver',
  'errors',
  'history',
  'link',
  'lock-statements',
  'options',
  'server',
  'session',
  'url',
  'values',
]);

export default config;
