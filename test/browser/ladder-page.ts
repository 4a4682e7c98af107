import type { Page } from 'playwright-core';
import type { ScenarioMessage } from '../tracker/scenario.ts';

/** What the table of messages says, row by row. */
export interface Row {
  message: string;
  way: string;
  more: string;
  agents: string;
}

export async function rowsOf(page: Page): Promise<Row[]> {
  const table = page.getByRole('region', { name: 'Messages' });
  const column = async (name: string): Promise<string[]> => {
    const texts = await table.locator(`td[data-label="${name}"]`).allTextContents();
    return texts.map((text) => text.trim());
  };
  const [messages, ways, mores, agents] = await Promise.all(
    ['Message', 'From → to', 'What else', 'Seen by'].map(column),
  );
  return (messages ?? []).map((message, row) => ({
    message,
    way: ways?.[row] ?? '',
    more: mores?.[row] ?? '',
    agents: agents?.[row] ?? '',
  }));
}

export const isCaptured = ({ more }: Row): boolean => !more.includes('not captured');

/** Names of the arrows, as a screen reader says them; without those of messages that were expected. */
export async function arrowsOf(page: Page): Promise<string[]> {
  const names = await page.evaluate<string[]>(
    `[...document.querySelectorAll('[aria-label="Ladder"] svg .l-row')]
       .map((arrow) => arrow.getAttribute('aria-label') ?? arrow.querySelector('title')?.textContent ?? '')`,
  );
  return names.filter((name) => !name.includes('not captured'));
}

/** How a ladder must call a message: inside a dialog INVITE is a re-INVITE. */
export function labelOf({ head, hasToTag }: ScenarioMessage): string {
  if (/^\d/.test(head)) return `${head} Reason ${head}`;
  return head === 'INVITE' && hasToTag ? 're-INVITE' : head;
}

export const wayOf = ({ from, to, over }: ScenarioMessage): string => `${from}:5060 → ${to}:5060 ${over}`;
