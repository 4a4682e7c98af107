/** Another page of ours, `undefined` where it cannot be had. Nothing in it runs. */
export async function pageAt(href: string): Promise<Document | undefined> {
  try {
    const answer = await fetch(href, { headers: { accept: 'text/html' } });
    if (!answer.ok) return undefined;
    return new DOMParser().parseFromString(await answer.text(), 'text/html');
  } catch {
    return undefined;
  }
}
