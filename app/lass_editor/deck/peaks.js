// Least and largest sample of each column, as the server computed them. Pure functions.

/** Bytes of a base64 text as signed or unsigned numbers. */
export function decodeBytes(text, signed = true) {
  const binary = atob(text);
  const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
  return signed ? new Int8Array(bytes.buffer) : bytes;
}

/**
 * Least and largest value for each pixel of a view.
 * @param pairs least and largest by turns, 127 is full scale
 * @returns Float32Array of pairs from -1 to 1
 */
export function columnsFor(pairs, view, duration, pixels) {
  const columns = pairs.length / 2;
  const out = new Float32Array(2 * pixels);
  if (!columns || !(duration > 0)) return out;
  const perSecond = columns / duration;
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const from = (view.start + ((view.end - view.start) * pixel) / pixels) * perSecond;
    const to = (view.start + ((view.end - view.start) * (pixel + 1)) / pixels) * perSecond;
    const first = Math.min(columns - 1, Math.max(0, Math.floor(from)));
    const last = Math.min(columns, Math.max(first + 1, Math.ceil(to)));
    let low = 127;
    let high = -128;
    for (let column = first; column < last; column += 1) {
      low = Math.min(low, pairs[2 * column]);
      high = Math.max(high, pairs[2 * column + 1]);
    }
    out[2 * pixel] = low / 127;
    out[2 * pixel + 1] = high / 127;
  }
  return out;
}
