import assert from "node:assert/strict";
import test from "node:test";
import * as mixing from "../../../app/lass_editor/deck/mixing.js";

const strip = (given) => ({ gain_db: 0, pan: 0, mute: false, solo: false, ...given });
const near = (one, other) => assert.ok(Math.abs(one - other) < 1e-12, `${one} is not ${other}`);

test("20 dB are a factor of ten", () => {
  near(mixing.amplitude(20), 10);
  near(mixing.amplitude(0), 1);
  near(mixing.amplitude(-6.020599913279624), 0.5);
});

test("mute silences one, solo all others, and mute wins", () => {
  const controls = { a: strip({ gain_db: 20 }), b: strip({ mute: true }), c: strip() };
  assert.deepEqual(mixing.audible(controls), { a: 10, b: 0, c: 1 });
  controls.c = strip({ solo: true });
  assert.deepEqual(mixing.audible(controls), { a: 0, b: 0, c: 1 });
  controls.b = strip({ mute: true, solo: true });
  assert.deepEqual(mixing.audible(controls), { a: 0, b: 0, c: 1 });
});

test("the difference is the edit minus the recording as it was, whatever the match", () => {
  const match = { original_db: -20 };
  assert.deepEqual(mixing.buses("edit", match), { original: 0, edit: 1 });
  assert.deepEqual(mixing.buses("difference", match), { original: -1, edit: 1 });
  const { original, edit } = mixing.buses("original", match);
  near(original, 0.1);
  assert.equal(edit, 0);
});

test("numbers are written for people", () => {
  assert.equal(mixing.gainText(3), "+3.0 dB");
  assert.equal(mixing.gainText(-4.54), "−4.5 dB");
  assert.equal(mixing.gainText(-0.01), "0.0 dB");
  assert.equal(mixing.panText(0.001), "middle");
  assert.equal(mixing.panText(-0.3), "30 % left");
  assert.equal(mixing.panText(1), "100 % right");
});

test("a meter covers 60 dB", () => {
  assert.equal(mixing.meterHeight(0), 0);
  assert.equal(mixing.meterHeight(2), 1);
  near(mixing.meterHeight(0.001), 0);
  near(mixing.meterHeight(10 ** (-30 / 20)), 0.5);
});

test("news from the server do not undo what the hand just did", () => {
  const mine = { a: strip({ gain_db: -3, pan: 0.5 }) };
  const theirs = { a: strip({ gain_db: 6 }), b: strip() };
  const unseen = new Set(["a/pan", "gone/mute"]);
  assert.deepEqual(mixing.merged(mine, theirs, unseen), { a: strip({ gain_db: 6, pan: 0.5 }), b: strip() });
});
