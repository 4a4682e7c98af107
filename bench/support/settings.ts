import { loadConfig } from '../../src/config/load.ts';
import { toEngineSettings } from '../../src/config/settings.ts';
import type { EngineSettings } from '../../src/model/settings.ts';

/** The default configuration, as an engine is started with it. */
export function engineSettings(argv: readonly string[] = []): EngineSettings {
  const { config } = loadConfig({ argv, env: {}, readFile: () => '' });
  return toEngineSettings(config);
}
