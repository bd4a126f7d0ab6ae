// What the deck shows: controls, pictures of the sound, times, selection and playhead.
import { drawPicture, drawPresence, drawRuler, drawWave } from "./drawing.js";
import { choose, icon } from "./elements.js";
import { amplitude, audible, gainText, panText } from "./mixing.js";
import { clock } from "./time.js";

/** Buttons and faders of all strips, as they are set. */
export function showControls(deck) {
  const gains = audible(deck.controls);
  for (const [id, { parts }] of deck.strips) {
    const control = deck.controls[id];
    parts.mute.setAttribute("aria-pressed", String(control.mute));
    parts.solo.setAttribute("aria-pressed", String(control.solo));
    parts.gain.value = control.gain_db;
    parts.pan.value = control.pan;
    parts.gainText.textContent = gainText(control.gain_db);
    parts.panText.textContent = panText(control.pan);
    parts.gain.setAttribute("aria-label", `Gain of ${parts.name.textContent}`);
    parts.pan.setAttribute("aria-label", `Place of ${parts.name.textContent}, left to right`);
    parts.gain.setAttribute("aria-valuetext", gainText(control.gain_db));
    parts.pan.setAttribute("aria-valuetext", panText(control.pan));
    parts.root.classList.toggle("silent", gains[id] === 0);
    const state = [control.mute && "muted", control.solo && "solo"].filter(Boolean).join(", ");
    parts.root.setAttribute(
      "aria-label",
      [parts.name.textContent, gainText(control.gain_db), state].filter(Boolean).join(", "),
    );
  }
}

/** The pictures of all strips and the ruler. */
export function drawStrips(deck) {
  if (!deck.recording || !deck.frame.root.isConnected) return;
  const style = getComputedStyle(deck.frame.root);
  deck.theme = style.color;
  const common = { view: deck.view, duration: deck.duration };
  drawRuler(deck.frame.ruler, { view: deck.view, colour: style.color, font: style.fontFamily });
  for (const [id, strip] of deck.strips) {
    const control = deck.controls[id];
    const gain = control.mute ? 0 : amplitude(control.gain_db);
    const { wave, presence } = strip.parts;
    if (deck.drawing === "wave") {
      // A muted strip is drawn as it is and paled by the style, so that one sees what is there.
      drawWave(wave, { ...common, peaks: strip.peaks, colour: strip.colour, gain: (gain || 1) * deck.recording.wave_scale });
    } else {
      drawPicture(wave, { ...common, picture: strip.picture, gain });
    }
    drawPresence(presence, { ...common, track: strip.track, colour: strip.colour });
  }
}

/** Everything that changes without the sound: buttons, times, selection, playhead. */
export function showState(deck) {
  if (!deck.recording) return;
  const { frame, player } = deck;
  const busy = player.playing || player.waiting;
  const state = player.playing ? "playing" : player.waiting ? "waiting" : "ready";
  if (frame.root.dataset.state !== state) {
    frame.root.dataset.state = state;
    frame.play.replaceChildren(icon(busy ? "pause" : "play"));
    frame.play.setAttribute("aria-label", busy ? "Pause" : "Play");
  }
  frame.status.textContent = player.error ?? (player.waiting ? "Loading the sound …" : "");
  choose(frame.listen, deck.listening);
  choose(frame.picture, deck.drawing);
  frame.loop.setAttribute("aria-pressed", String(deck.looping));
  frame.clear.hidden = !deck.region;
  frame.selected.textContent = deck.region
    ? `Selected ${clock(deck.region.start, 2)} to ${clock(deck.region.end, 2)}`
    : "Drag over a strip to select";
  const room = deck.duration - (deck.view.end - deck.view.start);
  frame.root.classList.toggle("zoomed", room > 1e-6);
  if (room > 1e-6) frame.scroll.value = Math.round((deck.view.start / room) * 1000);
  const percent = (time) => (100 * (time - deck.view.start)) / (deck.view.end - deck.view.start);
  for (const { parts } of deck.strips.values()) {
    parts.region.hidden = !deck.region;
    if (!deck.region) continue;
    parts.region.style.left = `${percent(deck.region.start)}%`;
    parts.region.style.width = `${percent(deck.region.end) - percent(deck.region.start)}%`;
  }
  showPosition(deck);
  if (busy) deck.animate();
}

export function showPosition(deck) {
  const { position } = deck;
  deck.frame.time.textContent = `${clock(position)} / ${clock(deck.duration)}`;
  const share = (position - deck.view.start) / (deck.view.end - deck.view.start);
  for (const { parts } of deck.strips.values()) {
    parts.head.hidden = share < 0 || share > 1;
    parts.head.style.left = `${100 * share}%`;
  }
}
