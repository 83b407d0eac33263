import { expect, it } from "vitest";

import { seriesOf } from "./metrics";

it("groups points by metric, in step order, the telling ones first", () => {
  const series = seriesOf([
    { id: 1, key: "epoch", step: 1, value: 0.1 },
    { id: 2, key: "zeta", step: 1, value: 1 },
    { id: 3, key: "loss", step: 2, value: 0.5 },
    { id: 4, key: "loss", step: 1, value: 0.7 },
    { id: 5, key: "reward", step: 1, value: 1 },
  ]);
  expect(series.map(({ name }) => name)).toEqual(["reward", "loss", "zeta", "epoch"]);
  expect(series[1]?.points).toEqual([
    { step: 1, value: 0.7 },
    { step: 2, value: 0.5 },
  ]);
});
