import assert from "node:assert/strict";
import test from "node:test";
import { clock, fitView, follow, selection, ticks, zoom } from "../../../app/lass_editor/deck/time.js";

test("a clock shows minutes, and hours when there are some", () => {
  assert.equal(clock(0), "0:00.0");
  assert.equal(clock(9.96), "0:10.0");
  assert.equal(clock(59.99), "1:00.0");
  assert.equal(clock(61.25, 2), "1:01.25");
  assert.equal(clock(3661, 0), "1:01:01");
  assert.equal(clock(75, 0), "1:15");
  assert.equal(clock(-1), "0:00.0");
});

test("ticks are round, inside the view and not too many", () => {
  for (const [start, end] of [[0, 10.3], [3.2, 3.9], [0, 600], [100, 4000], [0, 0.08]]) {
    const marks = ticks({ start, end }, 12);
    assert.ok(marks.length >= 1 && marks.length <= 13, `${marks.length} ticks`);
    for (const { time } of marks) assert.ok(time >= start - 1e-6 && time <= end + 1e-6);
    const steps = marks.slice(1).map(({ time }, index) => time - marks[index].time);
    for (const step of steps) assert.ok(Math.abs(step - steps[0]) < 1e-6);
  }
  assert.deepEqual(ticks({ start: 0, end: 10 }, 10).map(({ label }) => label).slice(0, 3), ["0:00", "0:01", "0:02"]);
});

test("a view stays inside the recording", () => {
  assert.deepEqual(fitView({ start: -2, end: 3 }, 10), { start: 0, end: 5 });
  assert.deepEqual(fitView({ start: 8, end: 13 }, 10), { start: 5, end: 10 });
  assert.deepEqual(fitView({ start: -5, end: 50 }, 10), { start: 0, end: 10 });
});

test("zoom keeps the time under the pointer where it is", () => {
  const view = { start: 2, end: 8 };
  const closer = zoom(view, 3, 4, 10);
  const share = ({ start, end }) => (4 - start) / (end - start);
  assert.ok(Math.abs(share(closer) - share(view)) < 1e-12);
  assert.ok(Math.abs(closer.end - closer.start - 2) < 1e-12);
  assert.deepEqual(zoom(view, 1e-9, 4, 10), { start: 0, end: 10 });
});

test("the view follows the playhead page by page", () => {
  const view = { start: 0, end: 4 };
  assert.equal(follow(view, 3.9, 10), view);
  assert.deepEqual(follow(view, 4.1, 10), { start: 4.1, end: 8.1 });
  assert.deepEqual(follow(view, 9, 10), { start: 6, end: 10 });
});

test("a selection has its ends in order, or is none", () => {
  assert.deepEqual(selection(5, 3, 10), { start: 3, end: 5 });
  assert.deepEqual(selection(-1, 3, 10), { start: 0, end: 3 });
  assert.equal(selection(3, 3.01, 10), null);
});
