// Which piece of which segment is played when. Pure functions; everything in whole samples, so that
// all strips, and all segments of a strip, meet exactly.

/**
 * Pieces to start, so that playing goes on until `until`.
 *
 * @param cursor {at, position}: at sample `at` of the clock, sample `position` of the recording is next
 * @param until sample of the clock up to which everything must be planned
 * @param loop null or {start, end} in samples of the recording; a cursor behind it is not caught
 * @param length samples of the recording
 * @param segment samples per segment
 * @returns {pieces: [{segment, offset, length, at}], cursor, ended}
 */
export function plan(cursor, until, { loop, length, segment }) {
  const pieces = [];
  let { at, position } = cursor;
  while (at < until) {
    const looping = loop !== null && loop.end > loop.start && position < loop.end;
    const end = looping ? loop.end : length;
    if (position >= end) return { pieces, cursor: { at, position }, ended: true };
    const number = Math.floor(position / segment);
    const stop = Math.min(end, (number + 1) * segment);
    pieces.push({ segment: number, offset: position - number * segment, length: stop - position, at });
    at += stop - position;
    position = stop;
    if (looping && position >= loop.end) position = loop.start;
  }
  return { pieces, cursor: { at, position }, ended: false };
}

/** Sample of the recording that is heard at sample `at` of the clock, from what was planned. */
export function positionAt(pieces, at, segment) {
  let heard = null;
  for (const piece of pieces) {
    if (piece.at > at) break;
    heard = piece;
  }
  if (heard === null) return null;
  return heard.segment * segment + heard.offset + Math.min(at - heard.at, heard.length);
}

/** The part of a piece that can still be played at sample `now`; null if it is over. */
export function remaining(piece, now) {
  const late = Math.max(0, now - piece.at);
  if (late >= piece.length) return null;
  return { ...piece, at: piece.at + late, offset: piece.offset + late, length: piece.length - late };
}

/** Segments that are needed soon, in order and each once. */
export function neededSegments(pieces) {
  return [...new Set(pieces.map((piece) => piece.segment))];
}
