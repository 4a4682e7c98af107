// What the pages do beyond HTML, where scripts run: keep themselves up to date, take keys, lay out ladders, filter lists, remember the theme.
import { startKeys } from './keys.ts';
import { startLadder } from './ladder.ts';
import { startLists } from './lists.ts';
import { startLive } from './live.ts';
import { startTheme } from './theme.ts';

startTheme();
const live = startLive();
startKeys({ togglePause: () => live?.toggle(), own: [...startLadder(), ...startLists()] });
