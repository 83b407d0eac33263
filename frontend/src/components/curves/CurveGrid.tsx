import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Slider, Switch } from "@mantine/core";
import { useState } from "react";

import type { MetricPoint } from "@/api/types";
import { seriesOf } from "@/lib/metrics";
import { setPreference, usePreferences } from "@/lib/preferences";

import { Curve } from "./Curve";
import classes from "./CurveGrid.module.css";

interface Props {
  points: readonly MetricPoint[];
  syncKey: string;
}

/** Every metric of a run, with one cursor and one smoothing for all. */
export function CurveGrid({ points, syncKey }: Props) {
  const { smoothing } = usePreferences();
  const [log, setLog] = useState(false);
  const series = seriesOf(points);
  return (
    <div>
      <div className={classes.tools}>
        <div className={classes.slider}>
          <span aria-hidden><Trans>Smoothing</Trans></span>
          <Slider
            thumbLabel={t`Smoothing`}
            label={null}
            min={0}
            max={0.98}
            step={0.02}
            size="xs"
            w={140}
            value={smoothing}
            onChange={(value) => setPreference("smoothing", value)}
          />
          <span className={classes.value}>{smoothing.toFixed(2)}</span>
        </div>
        <Switch size="xs" label={t`Log scale`} checked={log} onChange={(event) => setLog(event.currentTarget.checked)} />
        <span className={classes.hint}><Trans>Drag to zoom, double-click to zoom out.</Trans></span>
      </div>
      <div className={classes.grid}>
        {series.map(({ name, points: of }) => (
          <Curve key={name} name={name} points={of} smoothing={smoothing} log={log} syncKey={syncKey} />
        ))}
      </div>
    </div>
  );
}
