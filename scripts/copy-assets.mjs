// Copies what the compiler leaves behind (style sheets) into the build: `node scripts/copy-assets.mjs <out>`.
import { cpSync, existsSync } from 'node:fs';

const out = process.argv[2];
if (out === undefined) throw new Error('usage: copy-assets.mjs <out>');
const assets = new URL('../src/http/assets/', import.meta.url);
if (existsSync(assets)) cpSync(assets, `${out}/http/assets`, { recursive: true });
