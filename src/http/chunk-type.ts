/** Type of a HEP3 chunk as the description of HEP writes it. */
export function chunkType(type: number): string {
  return `0x${type.toString(16).padStart(4, '0')}`;
}
