// What the pages do beyond HTML, where scripts run: keep themselves up to date, take keys, lay out and save ladders, filter lists, remember theme and zone.
import { startKeys } from './keys.ts';
import { startLadder } from './ladder.ts';
import { startLists } from './lists.ts';
import { startLive } from './live.ts';
import { startNames } from './names.ts';
import { startPicture } from './picture.ts';
import { startTheme } from './theme.ts';
import { startZone } from './zone.ts';

startZone();
startTheme();
startPicture();
const live = startLive();
startKeys({ togglePause: () => live?.toggle(), own: [...startLadder(), ...startNames(), ...startLists()] });
