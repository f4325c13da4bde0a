import { adapter, type UserConfig } from '../../../tsdown.base.ts';

const LOOKING = [
  'adapter',
  'books',
  'connect',
  'db',
  'errors',
  'history',
  'link',
  'options',
  'server',
  'session',
  'touched',
  'url',
];

const config: UserConfig = {
  ...adapter(LOOKING, ['changelog', 'dump', 'heartbeat-worker', 'lease']),
  entry: ['src/index.ts', 'src/heartbeat-worker.ts'],
};

export default config;
