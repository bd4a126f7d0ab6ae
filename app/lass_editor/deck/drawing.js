// What is painted on the lanes: waveforms, spectrograms, presence and the ruler.
import { columnsFor } from "./peaks.js";
import { ticks } from "./time.js";

/** A canvas as large as it is shown, on any screen; returns its context in CSS pixels. */
export function prepare(canvas) {
  const scale = globalThis.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  const paint = canvas.getContext("2d");
  paint.setTransform(scale, 0, 0, scale, 0, 0);
  paint.clearRect(0, 0, width, height);
  return { paint, width, height };
}

/** The waveform of a strip, as loud as it is heard. */
export function drawWave(canvas, { peaks, view, duration, colour, gain }) {
  const { paint, width, height } = prepare(canvas);
  const pixels = Math.max(1, Math.floor(width));
  const columns = columnsFor(peaks, view, duration, pixels);
  const middle = height / 2;
  paint.fillStyle = colour;
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const high = Math.min(1, columns[2 * pixel + 1] * gain) * middle;
    const low = Math.max(-1, columns[2 * pixel] * gain) * middle;
    paint.fillRect(pixel, middle - high, 1, Math.max(1, high - low));
  }
}

/** The spectrogram of a strip: the visible stretch of its picture. */
export function drawPicture(canvas, { picture, view, duration, gain }) {
  const { paint, width, height } = prepare(canvas);
  if (!picture?.complete || !picture.naturalWidth) return;
  const perSecond = picture.naturalWidth / duration;
  const from = view.start * perSecond;
  paint.globalAlpha = gain > 0 ? 1 : 0.35;
  paint.imageSmoothingQuality = "high";
  const across = Math.max(1, (view.end - view.start) * perSecond);
  paint.drawImage(picture, from, 0, across, picture.naturalHeight, 0, 0, width, height);
  paint.globalAlpha = 1;
}

/** How sure the model is that the sound is heard, over time: the fuller, the surer. */
export function drawPresence(canvas, { track, view, duration, colour }) {
  const { paint, width, height } = prepare(canvas);
  paint.fillStyle = colour;
  if (!track.length) return;
  const perSecond = track.length / duration;
  const pixels = Math.max(1, Math.floor(width));
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const at = view.start + ((view.end - view.start) * (pixel + 0.5)) / pixels;
    const index = Math.min(track.length - 1, Math.max(0, Math.floor(at * perSecond)));
    const value = track[index] / 255;
    paint.globalAlpha = 0.12 + 0.88 * value;
    paint.fillRect(pixel, height - Math.max(1, value * height), 1, Math.max(1, value * height));
  }
  paint.globalAlpha = 1;
}

/** Times along the top. */
export function drawRuler(canvas, { view, colour, font }) {
  const { paint, width, height } = prepare(canvas);
  paint.fillStyle = colour;
  paint.strokeStyle = colour;
  paint.font = `11px ${font}`;
  paint.textBaseline = "top";
  for (const { time, label } of ticks(view, Math.max(2, width / 72))) {
    const x = ((time - view.start) / (view.end - view.start)) * width;
    paint.globalAlpha = 0.5;
    paint.fillRect(Math.round(x), height - 5, 1, 5);
    paint.globalAlpha = 0.85;
    const across = paint.measureText(label).width;
    paint.fillText(label, Math.min(Math.max(0, x - across / 2), width - across), 3);
  }
  paint.globalAlpha = 1;
}
