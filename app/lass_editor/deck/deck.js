// The stem deck: one player, one strip per sound, and what the server is told.
import { makeFrame, makeStrip } from "./elements.js";
import { listenToLane, listenToUser } from "./hands.js";
import { merged, meterHeight } from "./mixing.js";
import { drawStrips, showControls, showPosition, showState } from "./painting.js";
import { decodeBytes } from "./peaks.js";
import { Player } from "./player.js";
import { follow, selection, zoom } from "./time.js";

// Okabe and Ito's colours, which people with any colour vision tell apart; the rest is grey.
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];
const REST = "#8A8F98";
const SETTLE_MS = 350;

const decks = new WeakMap();

class Deck {
  constructor(parent) {
    this.frame = makeFrame();
    parent.append(this.frame.root);
    this.strips = new Map();
    this.controls = {};
    this.unseen = new Map();
    this.sequence = 0;
    this.listening = "edit";
    this.drawing = "wave";
    this.region = null;
    this.looping = false;
    this.view = { start: 0, end: 1 };
    this.frame.root.deck = this;
    listenToUser(this);
    this.resizing = new ResizeObserver(() => this.draw());
    this.resizing.observe(this.frame.root);
    this.beat = setInterval(() => this.redrawIfThemeChanged(), 1000);
  }

  // ---- news from the server

  update({ data, setStateValue, setTriggerValue }) {
    this.tell = setStateValue;
    this.trigger = setTriggerValue;
    const fresh = data.recording.id !== this.recording?.id;
    this.recording = data.recording;
    this.original = data.original;
    this.match = data.match;
    if (!this.player || this.player.rate !== data.recording.sample_rate) this.makePlayer();
    this.player.open(data.recording, data.original, data.strips);
    if (fresh) {
      this.view = { start: 0, end: data.recording.duration_s };
      this.region = null;
      this.unseen.clear();
      this.sequence = Math.max(this.sequence, data.ack);
    }
    for (const [key, sequence] of this.unseen) {
      if (sequence <= data.ack) this.unseen.delete(key);
    }
    const theirs = Object.fromEntries(data.strips.map((strip) => [strip.id, strip.control]));
    this.controls = merged(this.controls, theirs, new Set(this.unseen.keys()));
    this.fillStrips(data.strips);
    this.frame.match.textContent = data.match.text;
    this.mixed();
    this.draw();
    this.show();
  }

  makePlayer() {
    this.player?.close();
    const context = new AudioContext({ sampleRate: this.recording.sample_rate });
    const fetchBytes = async (url) => {
      const answer = await fetch(new URL(url.replace(/^\//, ""), document.baseURI));
      if (!answer.ok) throw new Error(`no sound at ${url}`);
      return answer.arrayBuffer();
    };
    this.player = new Player({ context, fetchBytes, onChange: () => this.show() });
  }

  fillStrips(given) {
    const wanted = new Set(given.map((strip) => strip.id));
    for (const [id, strip] of this.strips) {
      if (wanted.has(id)) continue;
      strip.parts.root.remove();
      this.resizing.unobserve(strip.parts.lane);
      this.strips.delete(id);
    }
    for (const told of given) {
      const strip = this.strips.get(told.id) ?? this.addStrip(told.id);
      strip.told = told;
      strip.colour = told.rest ? REST : COLOURS[told.colour % COLOURS.length];
      if (strip.version !== told.audio.version) {
        strip.version = told.audio.version;
        strip.peaks = decodeBytes(told.peaks);
        strip.picture = null;
      }
      strip.track = decodeBytes(told.track ?? "", false);
      this.loadPicture(strip);
      const { name, badge, done, root } = strip.parts;
      root.style.setProperty("--strip", strip.colour);
      strip.parts.gainRow.hidden = !told.fader;
      strip.parts.panRow.hidden = !told.fader || !this.recording.pan;
      name.textContent = told.name;
      name.title = told.name;
      badge.textContent = told.badge ?? "";
      badge.className = told.found === false ? "badge missing" : "badge";
      badge.title = told.hint ?? "";
      done.replaceChildren(
        ...told.done.map((text) => Object.assign(document.createElement("span"), { textContent: text })),
      );
      // Moving an element takes its focus away, so only what is out of order is moved.
      const place = this.frame.strips.children[given.indexOf(told)];
      if (place !== root) this.frame.strips.insertBefore(root, place ?? null);
    }
  }

  addStrip(id) {
    const parts = makeStrip(id);
    const strip = { parts, peaks: new Int8Array(), track: new Uint8Array(), held: 0 };
    this.strips.set(id, strip);
    this.frame.strips.append(parts.root);
    parts.mute.addEventListener("click", () => this.set(id, "mute", !this.controls[id].mute));
    parts.solo.addEventListener("click", (event) => this.solo(id, event.altKey));
    for (const [field, input, neutral] of [["gain_db", parts.gain, 0], ["pan", parts.pan, 0]]) {
      input.addEventListener("input", () => this.set(id, field, Number(input.value), SETTLE_MS));
      input.addEventListener("dblclick", () => this.set(id, field, neutral));
    }
    listenToLane(this, parts.lane);
    this.resizing.observe(parts.lane);
    return strip;
  }

  loadPicture(strip) {
    if (this.drawing !== "spectrum" || strip.pictureUrl === strip.told.picture) return;
    strip.pictureUrl = strip.told.picture;
    const picture = new Image();
    picture.onload = () => {
      strip.picture = picture;
      this.draw();
    };
    picture.src = new URL(strip.pictureUrl.replace(/^\//, ""), document.baseURI).href;
  }

  // ---- news for the server

  /** Change a control: heard at once; told when the hand rests. */
  set(id, field, value, wait = 0) {
    this.controls[id] = { ...this.controls[id], [field]: value };
    this.sequence += 1;
    this.unseen.set(`${id}/${field}`, this.sequence);
    this.mixed();
    this.draw();
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.tellMix(), wait);
  }

  solo(id, alone) {
    const on = !this.controls[id].solo;
    if (alone) {
      for (const other of Object.keys(this.controls)) {
        if (other !== id && this.controls[other].solo) this.set(other, "solo", false);
      }
    }
    this.set(id, "solo", on);
  }

  /** Send every change that the server has not confirmed, so that none is lost on the way. */
  tellMix() {
    const changes = [...this.unseen].map(([key, sequence]) => {
      const at = key.lastIndexOf("/");
      const [strip, field] = [key.slice(0, at), key.slice(at + 1)];
      return { strip, field, value: this.controls[strip]?.[field], sequence };
    });
    this.tell("mix", { recording: this.recording.id, sequence: this.sequence, changes });
  }

  setRegion(region, tell = true) {
    this.region = region;
    if (!region) this.looping = false;
    this.applyLoop();
    this.show();
    if (tell) {
      const spoken = region && { start_s: region.start, end_s: region.end };
      this.tell("region", { recording: this.recording.id, span: spoken });
    }
  }

  applyLoop() {
    const { sample_rate: rate } = this.recording;
    const loop = this.looping && this.region;
    this.player.setLoop(
      loop ? { start: Math.round(loop.start * rate), end: Math.round(loop.end * rate) } : null,
    );
  }

  // ---- what the user's hands ask for

  /** Silence a strip where the selection is. */
  cut(strip) {
    if (!strip || !this.region) return;
    this.trigger("cut", { strip, start_s: this.region.start, end_s: this.region.end });
  }

  regionEdge(edge) {
    const here = this.position;
    const old = this.region ?? { start: 0, end: this.duration };
    this.setRegion(selection(edge === "start" ? here : old.start, edge === "end" ? here : old.end, this.duration));
  }

  focusStrip(id, step) {
    const all = [...this.frame.strips.children];
    const at = all.findIndex((one) => one.dataset.strip === id);
    all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + step))]?.focus();
  }

  toggle() {
    if (this.player.playing || this.player.waiting) this.player.pause();
    else {
      if (this.looping && this.region) {
        const outside = this.position < this.region.start || this.position >= this.region.end;
        if (outside) this.player.seek(this.region.start * this.recording.sample_rate);
      }
      this.player.play();
    }
    this.animate();
  }

  toggleLoop() {
    if (!this.region) this.setRegion({ start: 0, end: this.duration });
    this.looping = !this.looping;
    this.applyLoop();
    this.show();
  }

  seek(seconds) {
    this.player.seek(seconds * this.recording.sample_rate);
    this.view = follow(this.view, this.position, this.duration);
    this.draw();
    this.show();
  }

  zoomBy(factor) {
    this.view = factor
      ? zoom(this.view, factor, Math.min(Math.max(this.position, this.view.start), this.view.end), this.duration)
      : { start: 0, end: this.duration };
    this.draw();
    this.show();
  }

  setListening(mode) {
    this.listening = mode;
    this.mixed();
    this.show();
  }

  setDrawing(mode) {
    this.drawing = mode;
    for (const strip of this.strips.values()) this.loadPicture(strip);
    this.draw();
    this.show();
  }

  // ---- what is heard and shown

  mixed() {
    this.player.mix(this.controls);
    this.player.listen(this.listening, this.match);
    showControls(this);
  }

  draw() {
    drawStrips(this);
  }

  show() {
    showState(this);
  }

  get duration() {
    return this.recording.duration_s;
  }

  get position() {
    return this.player.now() / this.recording.sample_rate;
  }

  redrawIfThemeChanged() {
    if (this.recording && getComputedStyle(this.frame.root).color !== this.theme) this.draw();
  }

  animate() {
    if (this.frames) return;
    const step = () => {
      const { player } = this;
      const view = player.playing ? follow(this.view, this.position, this.duration) : this.view;
      if (view !== this.view) {
        this.view = view;
        this.draw();
        this.show();
      }
      showPosition(this);
      let most = 0;
      for (const [id, strip] of this.strips) {
        strip.held = Math.max(player.peak(id), strip.held * 0.88);
        strip.parts.meter.firstChild.style.setProperty("--level", meterHeight(strip.held));
        most = Math.max(most, strip.held);
      }
      this.held = Math.max(player.masterPeak(), (this.held ?? 0) * 0.88);
      this.frame.meter.firstChild.style.setProperty("--level", meterHeight(this.held));
      this.frame.meter.classList.toggle("over", this.held > 1);
      const alive = player.playing || player.waiting || most > 1e-3;
      this.frames = alive ? requestAnimationFrame(step) : null;
    };
    this.frames = requestAnimationFrame(step);
  }

  close() {
    document.removeEventListener("keydown", this.pageKey);
    this.resizing.disconnect();
    clearInterval(this.beat);
    clearTimeout(this.telling);
    cancelAnimationFrame(this.frames);
    this.player?.close();
    this.frame.root.remove();
  }
}

/** Called by Streamlit when the component appears and whenever its data change. */
export default function mount(component) {
  const { parentElement } = component;
  let deck = decks.get(parentElement);
  if (!deck) {
    deck = new Deck(parentElement);
    decks.set(parentElement, deck);
  }
  deck.update(component);
  // Streamlit also calls this when news overtake each other; only a deck that is gone is closed.
  return () =>
    setTimeout(() => {
      if (parentElement.isConnected || decks.get(parentElement) !== deck) return;
      deck.close();
      decks.delete(parentElement);
    }, 0);
}
