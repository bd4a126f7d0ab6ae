// What each strip is heard with. Pure functions.

export const LOWEST_DB = -48;
export const HIGHEST_DB = 12;

/** Amplitude of a gain in dB. */
export function amplitude(gainDb) {
  return 10 ** (gainDb / 20);
}

/** Amplitude of each strip: muted strips are silent, and all others once one is soloed. */
export function audible(controls) {
  const soloed = Object.values(controls).some((one) => one.solo);
  return Object.fromEntries(
    Object.entries(controls).map(([id, one]) => [
      id,
      one.mute || (soloed && !one.solo) ? 0 : amplitude(one.gain_db),
    ]),
  );
}

/**
 * Gains of the two buses: the recording as it was, and the edit. The recording is made as loud as
 * the edit to compare them; for the difference it is taken as it was, or all of it would be left.
 */
export function buses(listen, match) {
  if (listen === "original") return { original: amplitude(match.original_db), edit: 0 };
  if (listen === "difference") return { original: -1, edit: 1 };
  return { original: 0, edit: 1 };
}

/** A gain for people: "+3.0 dB". */
export function gainText(gainDb) {
  const rounded = Math.round(gainDb * 10) / 10;
  const sign = rounded > 0 ? "+" : rounded < 0 ? "−" : "";
  return `${sign}${Math.abs(rounded).toFixed(1)} dB`;
}

/** A place for people: "middle", "30 % left". */
export function panText(pan) {
  const percent = Math.round(Math.abs(pan) * 100);
  if (percent === 0) return "middle";
  return `${percent} % ${pan < 0 ? "left" : "right"}`;
}

/** Height of a meter for a peak amplitude, 0…1 over 60 dB. */
export function meterHeight(peak) {
  if (peak <= 0) return 0;
  return Math.min(1, Math.max(0, 1 + (20 * Math.log10(peak)) / 60));
}

/**
 * Controls after news from the server. What was changed here and not yet seen there stays.
 * @param mine controls by strip, as shown now
 * @param theirs controls by strip, as the server has them
 * @param unseen set of "strip/field" that were changed here since
 */
export function merged(mine, theirs, unseen) {
  return Object.fromEntries(
    Object.entries(theirs).map(([id, control]) => {
      const kept = Object.keys(control).filter((field) => mine[id] && unseen.has(`${id}/${field}`));
      return [id, { ...control, ...Object.fromEntries(kept.map((field) => [field, mine[id][field]])) }];
    }),
  );
}
