// What the pages do beyond HTML, where scripts run: keep themselves up to date, take keys, lay out and save ladders, filter
// lists, keep searches, point at one time in all charts, remember theme and zone.
import { startCrosshair } from './crosshair.ts';
import { startKeys } from './keys.ts';
import { startLadder } from './ladder.ts';
import { startLists } from './lists.ts';
import { startLive } from './live.ts';
import { startNames } from './names.ts';
import { startPicture } from './picture.ts';
import { startSearches } from './searches.ts';
import { startTheme } from './theme.ts';
import { startZone } from './zone.ts';

startZone();
startTheme();
startCrosshair();
startPicture();
const live = startLive();
startKeys({
  togglePause: () => live?.toggle(),
  own: [...startLadder(), ...startNames(), ...startLists(), ...startSearches()],
});
