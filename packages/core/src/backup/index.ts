export { backupFailed, restoreFailed, wroteMeanwhile } from './failed.ts';
export { folderObstacles, hashFile, settleBackup, verifyFile } from './file.ts';
export { contentHash, deleteFiles, manifestPath, readManifest, writeManifest } from './manifest.ts';
export { createSectionFile, jsonOf, readSections, type Section, type SectionWriter } from './section-file.ts';
export { runTool, ToolFailed, type Running } from './tool.ts';
