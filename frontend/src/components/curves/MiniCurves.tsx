import { useQuery } from "@tanstack/react-query";

import { useRunLive } from "@/api/live";
import { isActive, metricsQuery } from "@/api/runs";
import type { RunBrief } from "@/api/types";
import { usePolling } from "@/lib/live";
import { seriesOf } from "@/lib/metrics";

import { Curve } from "./Curve";
import classes from "./CurveGrid.module.css";

/** The first few curves of a run, where the run is not the page's subject. */
export function MiniCurves({ run, limit = 3 }: { run: RunBrief; limit?: number }) {
  const active = isActive(run.state);
  useRunLive(active ? run.id : null);
  const polling = usePolling();
  const metrics = useQuery({ ...metricsQuery(run.id), refetchInterval: active ? polling : false });
  const series = seriesOf(metrics.data?.points ?? []).slice(0, limit);
  if (series.length === 0) return null;
  return (
    <div className={classes.grid}>
      {series.map(({ name, points }) => (
        <Curve key={name} name={name} points={points} smoothing={0} log={false} syncKey={`mini-${run.id}`} height={130} compact />
      ))}
    </div>
  );
}
