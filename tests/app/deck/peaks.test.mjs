import assert from "node:assert/strict";
import test from "node:test";
import { columnsFor, decodeBytes } from "../../../app/lass_editor/deck/peaks.js";

const base64 = (...bytes) => Buffer.from(bytes).toString("base64");

test("bytes are read with and without sign", () => {
  assert.deepEqual([...decodeBytes(base64(0, 127, 128, 255))], [0, 127, -128, -1]);
  assert.deepEqual([...decodeBytes(base64(0, 255), false)], [0, 255]);
  assert.equal(decodeBytes("").length, 0);
});

test("a pixel shows the extremes of all columns in it", () => {
  const pairs = Int8Array.from([-10, 10, -127, 0, -5, 127, 0, 0]);
  const all = columnsFor(pairs, { start: 0, end: 4 }, 4, 2);
  assert.deepEqual([...all].map((value) => Math.round(value * 127)), [-127, 10, -5, 127]);
});

test("closer than the columns are, every pixel shows the one it is in", () => {
  const pairs = Int8Array.from([-1, 1, -2, 2, -3, 3, -4, 4]);
  const close = columnsFor(pairs, { start: 1.1, end: 1.9 }, 4, 5);
  for (let pixel = 0; pixel < 5; pixel += 1) assert.equal(Math.round(close[2 * pixel + 1] * 127), 2);
});

test("nothing to draw is drawn as nothing", () => {
  assert.deepEqual([...columnsFor(new Int8Array(), { start: 0, end: 1 }, 1, 3)], [0, 0, 0, 0, 0, 0]);
});
