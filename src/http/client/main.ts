// What the pages do beyond HTML, where scripts run: keep themselves up to date, take keys, remember the theme.
import { startKeys } from './keys.ts';
import { startLive } from './live.ts';
import { startTheme } from './theme.ts';

startTheme();
const live = startLive();
startKeys({ togglePause: () => live?.toggle() });
