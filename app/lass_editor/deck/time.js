// Times, ticks and the visible stretch. Pure functions; all times in seconds.

const STEPS_S = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
export const SHORTEST_VIEW_S = 0.05;

/** A time as m:ss.t, or h:mm:ss.t from an hour on. */
export function clock(seconds, digits = 1) {
  const scale = 10 ** digits;
  const total = Math.max(0, Math.round(seconds * scale));
  const rest = total % (60 * scale);
  const minutes = Math.floor(total / (60 * scale));
  const hours = Math.floor(minutes / 60);
  const tail = (rest / scale).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  const middle = String(hours ? minutes % 60 : minutes).padStart(hours ? 2 : 1, "0");
  return hours ? `${hours}:${middle}:${tail}` : `${middle}:${tail}`;
}

/** Ticks in round numbers: at most `most` of them in the view. */
export function ticks(view, most) {
  const span = view.end - view.start;
  const step = STEPS_S.find((one) => span / one <= most) ?? STEPS_S.at(-1);
  const digits = step >= 1 ? 0 : step >= 0.1 ? 1 : 2;
  const marks = [];
  for (let number = Math.ceil(view.start / step - 1e-9); number * step <= view.end + 1e-9; number += 1) {
    marks.push({ time: number * step, label: clock(number * step, digits) });
  }
  return marks;
}

/** A view that lies inside the recording and is neither too short nor too long. */
export function fitView(view, duration) {
  const shortest = Math.min(SHORTEST_VIEW_S, duration);
  const span = Math.min(Math.max(view.end - view.start, shortest), duration);
  const start = Math.min(Math.max(view.start, 0), duration - span);
  return { start, end: start + span };
}

/** Zoom by a factor (above 1: closer) so that the time under the pointer stays where it is. */
export function zoom(view, factor, anchor, duration) {
  const start = anchor - (anchor - view.start) / factor;
  return fitView({ start, end: start + (view.end - view.start) / factor }, duration);
}

/** Move the view, if needed, so that the time is in it; pages forward while playing. */
export function follow(view, time, duration) {
  if (time >= view.start && time <= view.end) return view;
  return fitView({ start: time, end: time + (view.end - view.start) }, duration);
}

/** A selection from two ends in any order; null if it is too short to be meant. */
export function selection(one, other, duration, shortest = 0.02) {
  const start = Math.max(0, Math.min(one, other));
  const end = Math.min(duration, Math.max(one, other));
  return end - start < shortest ? null : { start, end };
}
