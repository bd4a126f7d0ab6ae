// The deck's elements: made here, filled by deck.js. Names come in as text, never as HTML.
import { HIGHEST_DB, LOWEST_DB } from "./mixing.js";

const ICONS = {
  play: "M8 5v14l11-7z",
  pause: "M7 5h4v14H7zM13 5h4v14h-4z",
  start: "M6 5h2.4v14H6zM20 5v14L9.5 12z",
  loop: "M7 7h9V4l5 4.5L16 13v-3H7v4H4V7zM17 17H8v3l-5-4.5L8 11v3h9v-4h3v7z",
  closer: "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z",
  farther: "M5 11h14v2H5z",
  whole: "M3 5h2v14H3zM19 5h2v14h-2zM8 11V8l-3 4 3 4v-3h8v3l3-4-3-4v3z",
  clear: "M6.4 5 5 6.4 10.6 12 5 17.6 6.4 19l5.6-5.6 5.6 5.6 1.4-1.4-5.6-5.6L19 6.4 17.6 5 12 10.6z",
};

/** An element with attributes and children. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") element.className = value;
    else if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICONS[name]);
  picture.append(path);
  return picture;
}

export function button(label, { name = "", text = "", key = "", pressed = null } = {}) {
  const inside = name ? [icon(name)] : [text];
  return make(
    "button",
    {
      type: "button",
      class: name ? "tool icon" : "tool",
      "aria-label": label,
      "aria-pressed": pressed,
      "aria-keyshortcuts": key || null,
      title: key ? `${label} (${key})` : label,
    },
    ...inside,
  );
}

/** Buttons of which one is chosen. */
export function choice(label, options) {
  const group = make("div", { class: "choice", role: "radiogroup", "aria-label": label });
  for (const [value, text, hint] of options) {
    const one = make("button", { type: "button", role: "radio", "data-value": value, title: hint }, text);
    group.append(one);
  }
  return group;
}

export function choose(group, value) {
  for (const one of group.children) {
    const chosen = one.dataset.value === value;
    one.setAttribute("aria-checked", String(chosen));
    one.tabIndex = chosen ? 0 : -1;
  }
}

/** Everything but the strips. */
export function makeFrame() {
  const parts = {
    start: button("To the start", { name: "start", key: "Home" }),
    play: button("Play", { name: "play", key: "Space" }),
    time: make("output", { class: "time", "aria-label": "Position" }),
    loop: button("Repeat the selection", { name: "loop", key: "L", pressed: "false" }),
    listen: choice("What is heard", [
      ["original", "Original", "The recording as it was (1)"],
      ["edit", "Edit", "The strips as they are set (2)"],
      ["difference", "Difference", "What the edit changes (3)"],
    ]),
    picture: choice("What is drawn", [
      ["wave", "Waveform", "Show waveforms (W)"],
      ["spectrum", "Spectrogram", "Show spectrograms (W)"],
    ]),
    farther: button("Zoom out", { name: "farther", key: "-" }),
    closer: button("Zoom in", { name: "closer", key: "+" }),
    whole: button("Show all", { name: "whole", key: "0" }),
    match: make("span", { class: "match" }),
    selected: make("span", { class: "selected" }),
    clear: button("Clear the selection", { name: "clear", key: "Escape" }),
    meter: make("div", { class: "meter master", title: "Level of what is heard" }, make("i")),
    status: make("div", { class: "status", role: "status", "aria-live": "polite" }),
    ruler: make("canvas", { class: "ruler", "aria-hidden": "true" }),
    strips: make("div", { class: "strips" }),
    scroll: make("input", { type: "range", class: "scroll", min: 0, max: 1000, "aria-label": "Scroll in time" }),
  };
  const group = (...inside) => make("div", { class: "group" }, ...inside);
  parts.root = make(
    "div",
    { class: "deck", role: "region", "aria-label": "Stem deck", tabindex: "-1" },
    make(
      "div",
      { class: "transport", role: "toolbar", "aria-label": "Transport" },
      group(parts.start, parts.play, parts.loop, parts.time),
      group(parts.listen),
      group(parts.picture),
      group(parts.farther, parts.closer, parts.whole),
      parts.meter,
    ),
    make("div", { class: "notes" }, parts.selected, parts.clear, parts.match, parts.status),
    make("div", { class: "top" }, make("div", { class: "corner" }), parts.ruler),
    parts.strips,
    make("div", { class: "bottom" }, make("div", { class: "corner" }), parts.scroll),
  );
  return parts;
}

/** One strip. */
export function makeStrip(id) {
  const parts = {
    name: make("span", { class: "name" }),
    badge: make("span", { class: "badge" }),
    mute: button("Mute", { text: "M", key: "M", pressed: "false" }),
    solo: button("Solo", { text: "S", key: "S", pressed: "false" }),
    gain: make("input", { type: "range", min: LOWEST_DB, max: HIGHEST_DB, step: 0.5 }),
    gainText: make("output", { class: "value" }),
    pan: make("input", { type: "range", min: -1, max: 1, step: 0.05 }),
    panText: make("output", { class: "value" }),
    done: make("div", { class: "done" }),
    wave: make("canvas", { class: "wave", "aria-hidden": "true" }),
    presence: make("canvas", { class: "presence", "aria-hidden": "true" }),
    region: make("div", { class: "region", hidden: "" }),
    head: make("div", { class: "head" }),
    meter: make("div", { class: "meter", "aria-hidden": "true" }, make("i")),
  };
  parts.mute.classList.add("mute");
  parts.solo.classList.add("solo");
  parts.lane = make("div", { class: "lane" }, parts.wave, parts.presence, parts.region, parts.head);
  parts.gainRow = make("label", { class: "fader" }, make("span", {}, "Gain"), parts.gain, parts.gainText);
  parts.panRow = make("label", { class: "fader" }, make("span", {}, "Pan"), parts.pan, parts.panText);
  parts.root = make(
    "section",
    { class: "strip", tabindex: "0", role: "group", "data-strip": id },
    make(
      "div",
      { class: "controls" },
      make("div", { class: "title" }, make("i", { class: "colour" }), parts.name, parts.badge),
      make("div", { class: "buttons" }, parts.mute, parts.solo),
      parts.gainRow,
      parts.panRow,
      parts.done,
    ),
    parts.lane,
    parts.meter,
  );
  return parts;
}
