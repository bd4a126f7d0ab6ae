// All strips on one clock. A strip's sound comes in segments of equal length, so that a long
// recording is never decoded whole; every segment is started at an exact sample of the clock.
import { audible, buses } from "./mixing.js";
import { neededSegments, plan, positionAt, remaining } from "./schedule.js";

const AHEAD_S = 2.5; // timers of a hidden page tick once a second
const TICK_MS = 100;
const START_S = 0.06;
const RAMP_S = 0.008;
const KEPT_SEGMENTS = 8;

/** A segment that goes over full scale was stored softer. */
function scaled(buffer, scale) {
  if (scale !== 1) {
    for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) {
      const samples = buffer.getChannelData(channel);
      for (let index = 0; index < samples.length; index += 1) samples[index] *= scale;
    }
  }
  return buffer;
}

/** One strip: its segments, its gain and its place. */
class Voice {
  constructor(context, bus, load) {
    this.context = context;
    this.load = load;
    this.segments = [];
    this.version = null;
    this.buffers = new Map();
    this.sources = new Set();
    // Equal for mono and stereo: one channel becomes two equal ones before it is placed.
    this.fade = new GainNode(context, { channelCount: 2, channelCountMode: "explicit" });
    this.gain = new GainNode(context);
    this.pan = new StereoPannerNode(context);
    this.tap = new AnalyserNode(context, { fftSize: 1024 });
    this.fade.connect(this.gain).connect(this.pan).connect(bus);
    this.pan.connect(this.tap);
    this.samples = new Float32Array(1024);
  }

  /** The decoded segment; read once, and kept while it is one of the last that were used. */
  segment(number) {
    const known = this.buffers.get(number);
    this.buffers.delete(number);
    const buffer = known ?? this.load(this.segments[number]);
    this.buffers.set(number, buffer);
    if (!known) buffer.catch(() => this.buffers.delete(number));
    for (const oldest of this.buffers.keys()) {
      if (this.buffers.size <= KEPT_SEGMENTS) break;
      this.buffers.delete(oldest);
    }
    return buffer;
  }

  async start(piece, rate, stillWanted) {
    const { segments } = this;
    const buffer = await this.segment(piece.segment);
    if (!stillWanted() || segments !== this.segments) return;
    const rest = remaining(piece, Math.ceil(this.context.currentTime * rate));
    if (rest === null) return;
    const source = new AudioBufferSourceNode(this.context, { buffer });
    source.connect(this.fade);
    // A piece that ends with its segment needs no length: the buffer's end is exact.
    const whole = rest.offset + rest.length >= buffer.length;
    const times = [rest.at / rate, rest.offset / rate];
    source.start(...(whole ? times : [...times, rest.length / rate]));
    this.sources.add(source);
    source.onended = () => {
      source.disconnect();
      this.sources.delete(source);
    };
  }

  stop(when = 0) {
    for (const source of this.sources) source.stop(when);
    this.sources.clear();
  }

  peak() {
    this.tap.getFloatTimeDomainData(this.samples);
    return this.samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  }

  close() {
    this.stop();
    for (const node of [this.fade, this.gain, this.pan, this.tap]) node.disconnect();
    this.buffers.clear();
  }
}

/** Transport and mixer. `onChange` is called when playing starts, stops, waits or fails. */
export class Player {
  constructor({ context, fetchBytes, onChange = () => {} }) {
    this.context = context;
    this.onChange = onChange;
    this.load = async ({ url, scale }) => {
      const buffer = await context.decodeAudioData(await fetchBytes(url));
      return scaled(buffer, scale);
    };
    this.voices = new Map();
    this.master = new GainNode(context);
    this.tap = new AnalyserNode(context, { fftSize: 1024 });
    this.master.connect(context.destination);
    this.master.connect(this.tap);
    this.samples = new Float32Array(1024);
    this.originalBus = new GainNode(context, { gain: 0 });
    this.editBus = new GainNode(context);
    this.originalBus.connect(this.master);
    this.editBus.connect(this.master);
    this.length = 0;
    this.segment = 1;
    this.position = 0; // in samples, while not playing
    this.loop = null;
    this.playing = false;
    this.waiting = false;
    this.run = 0;
    this.planned = [];
  }

  get rate() {
    return this.context.sampleRate;
  }

  /** Take over a recording and its strips. Voices whose sound did not change play on. */
  open(recording, original, strips) {
    if (recording.id !== this.recordingId) {
      this.stop();
      this.recordingId = recording.id;
      this.position = 0;
      this.loop = null;
    }
    this.length = recording.samples;
    this.segment = recording.segment_samples;
    const wanted = new Map(strips.map((strip) => [strip.id, [strip.audio, this.editBus]]));
    wanted.set("\0original", [original, this.originalBus]);
    for (const [id, voice] of this.voices) {
      if (!wanted.has(id)) {
        voice.close();
        this.voices.delete(id);
      }
    }
    for (const [id, [audio, bus]] of wanted) this.setSound(id, audio, bus);
  }

  setSound(id, audio, bus) {
    let voice = this.voices.get(id);
    if (!voice) {
      voice = new Voice(this.context, bus, this.load);
      voice.gain.gain.value = bus === this.originalBus ? 1 : 0;
      this.voices.set(id, voice);
    }
    const changed = voice.version !== audio.version;
    // Addresses of the same sound may change: new ones hold for what is not yet loaded.
    if (!changed) {
      voice.segments.splice(0, voice.segments.length, ...audio.segments);
      return;
    }
    voice.version = audio.version;
    voice.segments = [...audio.segments];
    voice.buffers.clear();
    if (this.playing) this.join(voice);
    else voice.stop();
  }

  /** Let a voice with a new sound come in where the others are. */
  async join(voice) {
    const { run, version } = { run: this.run, version: voice.version };
    const stillWanted = () => this.run === run && voice.version === version && this.playing;
    const now = Math.ceil(this.context.currentTime * this.rate);
    const current = this.planned.find((piece) => piece.at + piece.length > now);
    try {
      if (current) await voice.segment(current.segment);
    } catch {
      return; // the sound is gone already: news with another address is on its way
    }
    if (!stillWanted()) return;
    const at = Math.ceil((this.context.currentTime + START_S) * this.rate);
    const time = at / this.rate;
    voice.fade.gain.setTargetAtTime(0, time - 3 * RAMP_S, RAMP_S / 2);
    voice.fade.gain.setTargetAtTime(1, time + RAMP_S, RAMP_S / 2);
    voice.stop(time);
    for (const piece of this.planned) {
      const rest = remaining(piece, at);
      if (rest) voice.start(rest, this.rate, stillWanted).catch(() => this.failed());
    }
  }

  /** Set what every strip is heard with. */
  mix(controls) {
    const gains = audible(controls);
    for (const [id, control] of Object.entries(controls)) {
      const voice = this.voices.get(id);
      if (!voice) continue;
      this.glide(voice.gain.gain, gains[id]);
      this.glide(voice.pan.pan, control.pan);
    }
  }

  /** Choose between the recording as it was, the edit, and the difference of the two. */
  listen(mode, match) {
    const gains = buses(mode, match);
    this.glide(this.originalBus.gain, gains.original);
    this.glide(this.editBus.gain, gains.edit);
  }

  glide(parameter, value) {
    if (!this.playing) parameter.value = value;
    parameter.setTargetAtTime(value, this.context.currentTime, RAMP_S);
  }

  async play() {
    if (this.playing || this.waiting || this.length === 0) return;
    if (this.position >= this.length) this.position = this.loop ? this.loop.start : 0;
    const run = (this.run += 1);
    this.waiting = true;
    this.onChange();
    const first = Math.floor(this.position / this.segment);
    try {
      await this.context.resume();
      await Promise.all([...this.voices.values()].map((voice) => voice.segment(first)));
    } catch {
      if (this.run === run) this.failed();
      return;
    }
    if (this.run !== run) return;
    this.waiting = false;
    this.playing = true;
    this.error = null;
    this.begin();
    this.onChange();
  }

  begin() {
    const at = Math.ceil((this.context.currentTime + START_S) * this.rate);
    this.cursor = { at, position: this.position };
    this.planned = [];
    this.tick();
    clearInterval(this.timer);
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  tick() {
    const { run } = this;
    const stillWanted = () => this.run === run && this.playing;
    const now = this.context.currentTime * this.rate;
    const { pieces, cursor, ended } = plan(this.cursor, now + AHEAD_S * this.rate, this);
    this.cursor = cursor;
    while (this.planned.length > 1 && this.planned[1].at < now - this.rate) this.planned.shift();
    this.planned.push(...pieces);
    for (const voice of this.voices.values()) {
      for (const piece of pieces) {
        voice.start(piece, this.rate, stillWanted).catch(() => stillWanted() && this.failed());
      }
    }
    this.preload(neededSegments(pieces).at(-1));
    if (ended && now >= cursor.at) {
      this.halt();
      this.position = this.length;
      this.onChange();
    }
  }

  preload(last) {
    if (last === undefined || (last + 1) * this.segment >= this.length) return;
    for (const voice of this.voices.values()) voice.segment(last + 1).catch(() => {});
  }

  /** Where the recording is heard now, in samples. */
  now() {
    if (!this.playing) return this.position;
    const late = this.context.outputLatency || 0;
    const at = (this.context.currentTime - late) * this.rate;
    return positionAt(this.planned, at, this.segment) ?? this.position;
  }

  pause() {
    this.position = Math.min(this.length, Math.round(this.now()));
    this.halt();
    this.onChange();
  }

  stop() {
    this.halt();
    this.position = 0;
  }

  halt() {
    this.run += 1;
    this.playing = false;
    this.waiting = false;
    clearInterval(this.timer);
    for (const voice of this.voices.values()) voice.stop();
  }

  failed() {
    this.halt();
    this.error = "The sound could not be loaded. Press play to try again.";
    this.onChange();
  }

  seek(position) {
    const place = Math.min(this.length, Math.max(0, Math.round(position)));
    const was = this.playing || this.waiting;
    this.halt();
    this.position = place;
    if (was) this.play();
    else this.onChange();
  }

  /** Repeat a stretch (in samples), or null. Playing goes on from where it is. */
  setLoop(loop) {
    if (JSON.stringify(loop) === JSON.stringify(this.loop)) return;
    const place = this.now();
    this.loop = loop;
    if (this.playing) this.seek(loop && place >= loop.end ? loop.start : place);
  }

  peak(id) {
    return this.voices.get(id)?.peak() ?? 0;
  }

  masterPeak() {
    this.tap.getFloatTimeDomainData(this.samples);
    return this.samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  }

  close() {
    this.halt();
    for (const voice of this.voices.values()) voice.close();
    this.voices.clear();
    if (this.context.state !== "closed") this.context.close?.();
  }
}
