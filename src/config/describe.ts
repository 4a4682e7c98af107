import { HIDDEN, type Shown } from './kinds.ts';
import type { LoadedConfig, Source } from './load.ts';
import { envName, type OptionName, OPTION_NAMES, optionOf, shownText } from './schema.ts';

/** One line of /about/config: an option, its value and where that came from. */
export interface OptionView {
  name: OptionName;
  value: string;
  source: Source;
  default: string;
  doc: string;
  env: string;
  unit: string;
}

/** All options in the order of the schema; secrets that are set show as `***`. */
export function describeConfig(loaded: LoadedConfig): OptionView[] {
  return OPTION_NAMES.map((name) => {
    const { kind, value, doc } = optionOf(name);
    return {
      name,
      value: shownText(shownValue(loaded, name)),
      source: loaded.sources.get(name) ?? 'default',
      default: shownText(kind.show(value)),
      doc,
      env: envName(name),
      unit: kind.unit,
    };
  });
}

/** The configuration as a JSON file that `--config` takes, but for the hidden secrets, which it refuses. */
export function printConfig(loaded: LoadedConfig): string {
  return JSON.stringify(Object.fromEntries(OPTION_NAMES.map((name) => [name, shownValue(loaded, name)])), null, 2);
}

function shownValue({ config }: LoadedConfig, name: OptionName): Shown {
  const { kind, secret } = optionOf(name);
  const shown = kind.show(config[name]);
  return secret && shownText(shown) !== '' ? HIDDEN : shown;
}
