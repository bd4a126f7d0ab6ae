// The user's hands: buttons, keys, and the pointer on a lane.
import { fitView, selection, zoom } from "./time.js";

const EDGE_PX = 7;
const DRAG_PX = 4;

/** Listen to the deck's own buttons and to its keys. */
export function listenToUser(deck) {
  const { frame } = deck;
  frame.play.addEventListener("click", () => deck.toggle());
  frame.start.addEventListener("click", () => deck.seek(0));
  frame.loop.addEventListener("click", () => deck.toggleLoop());
  frame.clear.addEventListener("click", () => deck.setRegion(null));
  frame.closer.addEventListener("click", () => deck.zoomBy(2));
  frame.farther.addEventListener("click", () => deck.zoomBy(0.5));
  frame.whole.addEventListener("click", () => deck.zoomBy(0));
  frame.scroll.addEventListener("input", () => {
    const room = deck.duration - (deck.view.end - deck.view.start);
    const start = (frame.scroll.value / 1000) * room;
    deck.view = fitView({ start, end: start + deck.view.end - deck.view.start }, deck.duration);
    deck.draw();
    deck.show();
  });
  for (const [group, pick] of [
    [frame.listen, (value) => deck.setListening(value)],
    [frame.picture, (value) => deck.setDrawing(value)],
  ]) {
    group.addEventListener("click", (event) => {
      if (event.target.dataset.value) pick(event.target.dataset.value);
    });
    group.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      const all = [...group.children];
      const next = all[(all.indexOf(event.target) + step + all.length) % all.length];
      pick(next.dataset.value);
      next.focus();
      event.preventDefault();
      event.stopPropagation();
    });
  }
  frame.root.addEventListener("keydown", (event) => onKey(deck, event));
  deck.pageKey = (event) => {
    if (event.target === document.body) onKey(deck, event);
  };
  document.addEventListener("keydown", deck.pageKey);
}

function onKey(deck, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const target = event.composedPath()[0];
  const slider = target.tagName === "INPUT";
  const pressed = target.tagName === "BUTTON" && [" ", "Enter"].includes(event.key);
  const sliding = slider && /^(Arrow|Home|End|Page)/.test(event.key);
  if (pressed || sliding) return;
  const strip = target.closest?.(".strip")?.dataset.strip;
  const step = event.shiftKey ? 5 : 1;
  const acts = {
    " ": () => deck.toggle(),
    Home: () => deck.seek(0),
    End: () => deck.seek(deck.duration),
    ArrowLeft: () => deck.seek(deck.position - step),
    ArrowRight: () => deck.seek(deck.position + step),
    ArrowUp: () => deck.focusStrip(strip, -1),
    ArrowDown: () => deck.focusStrip(strip, 1),
    m: () => strip && deck.set(strip, "mute", !deck.controls[strip].mute),
    s: () => strip && deck.solo(strip, false),
    l: () => deck.toggleLoop(),
    w: () => deck.setDrawing(deck.drawing === "wave" ? "spectrum" : "wave"),
    1: () => deck.setListening("original"),
    2: () => deck.setListening("edit"),
    3: () => deck.setListening("difference"),
    "+": () => deck.zoomBy(2),
    "=": () => deck.zoomBy(2),
    "-": () => deck.zoomBy(0.5),
    0: () => deck.zoomBy(0),
    "[": () => deck.regionEdge("start"),
    "]": () => deck.regionEdge("end"),
    Escape: () => deck.region && deck.setRegion(null),
    Delete: () => deck.cut(strip),
    Backspace: () => deck.cut(strip),
  };
  const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  act();
  event.preventDefault();
  event.stopPropagation();
}

/** Listen to the pointer on a strip: click to go there, drag to select, wheel to move and zoom. */
export function listenToLane(deck, lane) {
  let from = null;
  const timeAt = (event) => {
    const box = lane.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return deck.view.start + share * (deck.view.end - deck.view.start);
  };
  lane.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const time = timeAt(event);
    from = { x: event.clientX, anchor: farEdge(deck, time, lane) ?? time, moved: false, was: deck.region };
    lane.setPointerCapture(event.pointerId);
  });
  lane.addEventListener("pointermove", (event) => {
    if (!from) return;
    from.moved ||= Math.abs(event.clientX - from.x) > DRAG_PX;
    if (!from.moved) return;
    deck.region = selection(from.anchor, timeAt(event), deck.duration);
    deck.show();
  });
  lane.addEventListener("pointerup", (event) => {
    if (!from) return;
    const { moved } = from;
    from = null;
    if (moved) deck.setRegion(deck.region);
    else deck.seek(timeAt(event));
  });
  lane.addEventListener("pointercancel", () => {
    if (from) deck.region = from.was;
    from = null;
    deck.show();
  });
  lane.addEventListener(
    "wheel",
    (event) => {
      const across = event.deltaX || (event.shiftKey ? event.deltaY : 0);
      if (event.ctrlKey) {
        deck.view = zoom(deck.view, event.deltaY < 0 ? 1.25 : 0.8, timeAt(event), deck.duration);
      } else if (across) {
        const shift = (across / lane.clientWidth) * (deck.view.end - deck.view.start);
        deck.view = fitView({ start: deck.view.start + shift, end: deck.view.end + shift }, deck.duration);
      } else return;
      event.preventDefault();
      deck.draw();
      deck.show();
    },
    { passive: false },
  );
}

/** The other end of the selection, if the hand is on one of its edges. */
function farEdge(deck, time, lane) {
  if (!deck.region) return null;
  const close = (EDGE_PX / lane.clientWidth) * (deck.view.end - deck.view.start);
  if (Math.abs(time - deck.region.start) < close) return deck.region.end;
  if (Math.abs(time - deck.region.end) < close) return deck.region.start;
  return null;
}
