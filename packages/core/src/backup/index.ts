export { manifestPath, readManifest, writeManifest } from './manifest.ts';
