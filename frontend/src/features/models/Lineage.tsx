import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { lineageQuery } from "@/api/models";
import type { Model, Project } from "@/api/types";
import { Ago } from "@/components/Ago";
import { Panel } from "@/components/Panel";
import { StateMark } from "@/components/StateMark";
import { Failure } from "@/components/States";
import { Quiet, TableSkeleton } from "@/components/Table";
import { MODEL_KINDS_IN_TEXT, SNAPSHOT_KINDS_IN_TEXT } from "@/lib/names";

import classes from "./Models.module.css";

/** Where a version comes from: models, runs, snapshots, and how many judgments. */
export function Lineage({ project, model }: { project: Project; model: Model }) {
  const { slug } = project;
  const lineage = useQuery(lineageQuery(model.id));
  if (lineage.isPending) return <TableSkeleton columns={3} rows={3} />;
  if (lineage.isError) {
    return <Failure what={t`The lineage could not be read.`} error={lineage.error} retry={() => void lineage.refetch()} />;
  }
  const { ancestors, runs, snapshots, num_judgments } = lineage.data;
  return (
    <Panel title={num_judgments ? plural(num_judgments, { one: "Lineage: # judgment", other: "Lineage: # judgments" }) : t`Lineage`}>
      <div className={classes.columns}>
        <section>
          <h3><Trans>Models before it</Trans></h3>
          <ul className={classes.lineage}>
            {ancestors.map((ancestor) => (
              <li key={ancestor.id}>
                <Link to="/p/$slug/models/$modelId" params={{ slug, modelId: String(ancestor.id) }} className="mono">
                  {ancestor.ref}
                </Link>
                <Quiet>{MODEL_KINDS_IN_TEXT[ancestor.kind]}</Quiet>
              </li>
            ))}
            {ancestors.length === 0 ? <li><Trans>It is the first of its line.</Trans></li> : null}
          </ul>
        </section>
        <section>
          <h3><Trans>Snapshots it learned from</Trans></h3>
          <ul className={classes.lineage}>
            {snapshots.map((snapshot) => (
              <li key={snapshot.id}>
                <Link to="/p/$slug/datasets/$snapshotId" params={{ slug, snapshotId: String(snapshot.id) }}>
                  {snapshot.name || t`snapshot ${snapshot.id}`}
                </Link>
                <Quiet>
                  {SNAPSHOT_KINDS_IN_TEXT[snapshot.kind]}, <Ago at={snapshot.created_at} />
                </Quiet>
              </li>
            ))}
            {snapshots.length === 0 ? <li><Trans>None of ours.</Trans></li> : null}
          </ul>
        </section>
        <section>
          <h3><Trans>Runs that made it</Trans></h3>
          <ul className={classes.lineage}>
            {runs.map((run) => (
              <li key={run.id}>
                <Link to="/p/$slug/runs/$runId" params={{ slug, runId: String(run.id) }}>
                  <Trans>run {run.id}, {run.kind}</Trans>
                </Link>
                <StateMark state={run.state} />
              </li>
            ))}
            {runs.length === 0 ? <li>{model.source ? t`Registered from ${model.source}` : t`None.`}</li> : null}
          </ul>
        </section>
      </div>
    </Panel>
  );
}
