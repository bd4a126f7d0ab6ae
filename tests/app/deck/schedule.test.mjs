import assert from "node:assert/strict";
import test from "node:test";
import { neededSegments, plan, positionAt, remaining } from "../../../app/lass_editor/deck/schedule.js";

/** What is heard, sample by sample: an oracle that knows nothing of segments. */
function expected(position, count, loop, length) {
  const heard = [];
  let at = position;
  const caught = loop && position < loop.end;
  for (let sample = 0; sample < count && at < length; sample += 1) {
    heard.push(at);
    at += 1;
    if (caught && at === loop.end) at = loop.start;
  }
  return heard;
}

/** The same from the pieces that were planned, which must neither overlap nor leave a gap. */
function played(pieces, start, segment) {
  const heard = [];
  for (const piece of pieces) {
    assert.equal(piece.at, start + heard.length, "a piece begins where the last one ended");
    assert.ok(piece.offset >= 0 && piece.offset + piece.length <= segment, "a piece is in one segment");
    for (let sample = 0; sample < piece.length; sample += 1) {
      heard.push(piece.segment * segment + piece.offset + sample);
    }
  }
  return heard;
}

test("every sample is played once and in order, with and without a loop", () => {
  const length = 95;
  for (const segment of [7, 10, 95, 200]) {
    for (const loop of [null, { start: 13, end: 29 }, { start: 0, end: 95 }, { start: 40, end: 42 }]) {
      for (const position of [0, 13, 28, 29, 41, 94]) {
        let cursor = { at: 1000, position };
        const pieces = [];
        for (const until of [1005, 1006, 1040, 1200]) {
          const step = plan(cursor, until, { loop, length, segment });
          pieces.push(...step.pieces);
          cursor = step.cursor;
        }
        const heard = played(pieces, 1000, segment);
        const wanted = expected(position, heard.length, loop, length);
        assert.deepEqual(heard, wanted);
        const endless = loop && position < loop.end;
        assert.equal(heard.length >= 200, Boolean(endless));
        if (!endless) assert.equal(heard.length, length - position);
      }
    }
  }
});

test("the end is told, and only there", () => {
  const whole = { loop: null, length: 20, segment: 8 };
  assert.equal(plan({ at: 0, position: 0 }, 10, whole).ended, false);
  assert.equal(plan({ at: 0, position: 0 }, 100, whole).ended, true);
  assert.deepEqual(plan({ at: 5, position: 20 }, 100, whole), { pieces: [], cursor: { at: 5, position: 20 }, ended: true });
});

test("the playhead is where the sound is, also after a loop", () => {
  const { pieces } = plan({ at: 100, position: 5 }, 160, { loop: { start: 3, end: 10 }, length: 50, segment: 4 });
  const wanted = expected(5, 50, { start: 3, end: 10 }, 50);
  for (let sample = 0; sample < 50; sample += 1) assert.equal(positionAt(pieces, 100 + sample, 4), wanted[sample]);
  assert.equal(positionAt(pieces, 99, 4), null);
});

test("a late piece goes on where it would be by now", () => {
  const piece = { segment: 2, offset: 3, length: 10, at: 50 };
  assert.deepEqual(remaining(piece, 40), piece);
  assert.deepEqual(remaining(piece, 54), { segment: 2, offset: 7, length: 6, at: 54 });
  assert.equal(remaining(piece, 60), null);
});

test("segments are named once", () => {
  const pieces = [{ segment: 1 }, { segment: 2 }, { segment: 1 }];
  assert.deepEqual(neededSegments(pieces), [1, 2]);
});
