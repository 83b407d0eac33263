import { t } from "@lingui/core/macro";
import { useQuery } from "@tanstack/react-query";

import { isActive, metricsQuery } from "@/api/runs";
import type { Run } from "@/api/types";
import { CurveGrid } from "@/components/curves/CurveGrid";
import { Empty, Failure } from "@/components/States";
import { TableSkeleton } from "@/components/Table";

export function RunCurves({ run, everyMs }: { run: Run; everyMs: number }) {
  const active = isActive(run.state);
  const metrics = useQuery({ ...metricsQuery(run.id), refetchInterval: active ? everyMs : false });
  if (metrics.isPending) return <TableSkeleton columns={3} rows={4} />;
  if (metrics.isError && !metrics.data) {
    return <Failure what={t`The curves could not be read.`} error={metrics.error} retry={() => void metrics.refetch()} />;
  }
  if (metrics.data.points.length === 0) {
    return (
      <Empty title={active ? t`No metrics yet.` : t`This run reported no metrics.`}>
        {active
          ? t`Curves appear here as soon as the worker reports its first step. Loading a model can take a while.`
          : t`Sampling and evaluation runs have few or none. The log tells what happened.`}
      </Empty>
    );
  }
  return <CurveGrid points={metrics.data.points} syncKey={`run-${run.id}`} />;
}
