import { library, type UserConfig } from '../../../tsdown.base.ts';

const config: UserConfig = library('src/index.ts', 'src/heartbeat-worker.ts');

export default config;
