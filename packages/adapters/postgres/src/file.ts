import { createHash } from 'node:crypto';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

const BLOCK = 1 << 20;

/** `sha256:<hex>` of a file, read through one block of memory. */
export async function hashFile(path: string): Promise<string> {
  const digest = createHash('sha256');
  const block = Buffer.allocUnsafe(BLOCK);
  const file = await open(path, 'r');
  try {
    for (;;) {
      const { bytesRead } = await file.read(block, 0, BLOCK, null);
      if (bytesRead === 0) return `sha256:${digest.digest('hex')}`;
      digest.update(block.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/** After this, either the old name or the new one survives a power cut. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  if (process.platform === 'win32') return;
  const folder = await open(dirname(to), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
