/**
 * The ladder in pixels, for tickets and chats that take no SVG: drawn from the file the collector gives, which comes from
 * where the page does, so that nothing need be allowed for it.
 *
 *   [data-picture="/call/…?format=svg"] ──image──▶ canvas ──▶ file, clipboard
 */

/** Two pixels of the picture for one of the drawing, or fewer, as long as it can be read. */
const SCALE = 2;
const LEAST_SCALE = 0.6;
/** What browsers can draw on. */
const LONGEST_SIDE = 16_384;
const MOST_PIXELS = 32e6;

export function startPicture(): void {
  const place = document.querySelector<HTMLElement>('[data-picture]');
  if (place === null) return;
  const { picture = '', name = '' } = place.dataset;
  const status = document.createElement('span');
  status.className = 'quiet';
  status.setAttribute('role', 'status');
  const offer = (text: string, done: string, act: () => Promise<void>): void => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = text;
    button.addEventListener('click', () => {
      status.textContent = '';
      void act().then(
        () => (status.textContent = done),
        (error: unknown) => (status.textContent = `no picture: ${error instanceof Error ? error.message : 'failed'}`),
      );
    });
    place.append(button);
  };
  offer('PNG', '', async () => save(await drawn(picture), name));
  // Browsers give pages the clipboard over TLS and on the own host only.
  if ('clipboard' in navigator && 'ClipboardItem' in window) {
    offer('copy as PNG', 'copied', async () =>
      // The promise is passed on: the right to write ends some time after the click.
      navigator.clipboard.write([new ClipboardItem({ 'image/png': drawn(picture) })]),
    );
  }
  place.append(status);
}

async function drawn(address: string): Promise<Blob> {
  const image = new Image();
  image.src = address;
  await image.decode();
  const { naturalWidth: width, naturalHeight: height } = image;
  const scale = Math.min(SCALE, LONGEST_SIDE / Math.max(width, height), Math.sqrt(MOST_PIXELS / (width * height)));
  if (scale < LEAST_SCALE) throw new Error('too many messages for one that can be read; show fewer, or take the SVG');
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob === null ? reject(new Error('the browser cannot draw it')) : resolve(blob)),
      'image/png',
    );
  });
}

function save(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
