/** One fixed colour per model version, wherever it appears. Colour-blind safe (after Okabe and Ito). */
const NUM_COLOURS = 8;

export function seriesColour(id: number): string {
  return `var(--pl-series-${((id % NUM_COLOURS) + NUM_COLOURS) % NUM_COLOURS})`;
}
