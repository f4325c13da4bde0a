export { deleteFiles, manifestPath, readManifest, writeManifest } from './manifest.ts';
