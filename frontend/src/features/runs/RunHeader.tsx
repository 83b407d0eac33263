import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";

import { isActive } from "@/api/runs";
import type { Project, Run } from "@/api/types";
import { Ago } from "@/components/Ago";
import { Panel } from "@/components/Panel";
import { Stat, Stats } from "@/components/Stat";
import { count, duration, percent, roughly, secondsBetween } from "@/lib/format";
import { keyFigure } from "@/lib/keyFigure";
import { useNow } from "@/lib/useNow";

import classes from "./RunView.module.css";

/** Progress, time left, what went in and what came out. */
export function RunHeader({ project, run }: { project: Project; run: Run }) {
  const active = isActive(run.state);
  const now = useNow(active ? 1_000 : 3_600_000);
  const took = run.started_at ? secondsBetween(run.started_at, run.finished_at ?? now) : null;
  const share = run.num_steps ? Math.min(1, run.step / run.num_steps) : null;
  const left = active && took !== null && share && share > 0.02 && share < 1 ? (took * (1 - share)) / share : null;
  const slug = project.slug;
  const figure = keyFigure(run);
  return (
    <Panel>
      <Stats>
        <Stat
          name={t`Step`}
          value={run.num_steps ? t`${count(run.step)} of ${count(run.num_steps)}` : count(run.step)}
          note={share === null ? undefined : percent(share, 0)}
        />
        <Stat
          name={active ? t`Running for` : t`Took`}
          value={took === null ? "–" : duration(took)}
          note={
            left !== null ? t`≈ ${roughly(left)} left` : run.started_at ? <Ago at={run.started_at} /> : t`waits for a place`
          }
        />
        <Stat
          name={t`Model`}
          value={<span className="mono">{typeof run.spec.model === "string" ? run.spec.model : "–"}</span>}
          note={
            typeof run.spec.snapshot === "number" ? (
              <Link to="/p/$slug/datasets/$snapshotId" params={{ slug, snapshotId: String(run.spec.snapshot) }}>
                <Trans>snapshot {run.spec.snapshot}</Trans>
              </Link>
            ) : undefined
          }
        />
        {run.produced_model ? (
          <Stat
            name={t`Produced`}
            value={
              <Link to="/p/$slug/models/$modelId" params={{ slug, modelId: String(run.produced_model.id) }} className="mono">
                {run.produced_model.ref}
              </Link>
            }
            note={figure}
          />
        ) : figure ? (
          <Stat name={t`Result`} value={figure} />
        ) : null}
        {run.round ? (
          <Stat
            name={t`Round`}
            value={
              <Link to="/p/$slug/rounds/$number" params={{ slug, number: String(run.round.number) }}>
                {run.round.number}
              </Link>
            }
          />
        ) : null}
        <Stat
          name={t`Attempt`}
          value={run.attempt}
          note={run.created_by ? t`${run.executor}, by ${run.created_by}` : run.executor}
        />
      </Stats>
      {active && share !== null ? (
        <div
          className={classes.bar}
          role="progressbar"
          aria-label={t`Progress`}
          aria-valuenow={Math.round(share * 100)}
          aria-valuemin={0}
          aria-valuemax={100}
        >
          <div style={{ width: `${share * 100}%` }} />
        </div>
      ) : null}
    </Panel>
  );
}
