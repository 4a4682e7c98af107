// What the pages do beyond HTML, where scripts run: keep themselves up to date, take keys, lay out ladders, remember the theme.
import { startKeys } from './keys.ts';
import { startLadder } from './ladder.ts';
import { startLive } from './live.ts';
import { startNames } from './names.ts';
import { startTheme } from './theme.ts';

startTheme();
const live = startLive();
startKeys({ togglePause: () => live?.toggle(), own: [...startLadder(), ...startNames()] });
