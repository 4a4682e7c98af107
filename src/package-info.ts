import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What the installed package says of itself and of what it stands on. */
export interface PackageInfo {
  name: string;
  version: string;
  dependencies: { name: string; version: string; licence: string }[];
  /** Optional packages that could not be installed here. */
  missing: string[];
}

interface Manifest {
  name: string;
  version: string;
  license?: string;
  /** The form of old packages. */
  licenses?: { type: string }[];
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** Path of a file of the package; the compiled program lies one folder (or, in tests, two) below its root. */
export function packageFile(path: string): string {
  const inTests = import.meta.url.includes('/.build/src/');
  return fileURLToPath(new URL(`${inTests ? '../..' : '..'}/${path}`, import.meta.url));
}

function readManifest(path: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(packageFile(path), 'utf8')) as Manifest; // npm wrote it
  } catch {
    return undefined;
  }
}

function licenceOf(manifest: Manifest | undefined): string {
  return manifest?.license ?? manifest?.licenses?.map((licence) => licence.type).join(', ') ?? 'unknown';
}

export function aboutPackage(): PackageInfo {
  const own = readManifest('package.json') ?? { name: 'sipcol', version: 'unknown' };
  const dependencies: PackageInfo['dependencies'] = [];
  const missing: string[] = [];
  for (const name of Object.keys(own.dependencies ?? {})) {
    const manifest = readManifest(`node_modules/${name}/package.json`);
    dependencies.push({ name, version: manifest?.version ?? 'unknown', licence: licenceOf(manifest) });
  }
  for (const name of Object.keys(own.optionalDependencies ?? {})) {
    const manifest = readManifest(`node_modules/${name}/package.json`);
    if (manifest === undefined) missing.push(name);
    else dependencies.push({ name, version: manifest.version, licence: licenceOf(manifest) });
  }
  return { name: own.name, version: own.version, dependencies, missing };
}
