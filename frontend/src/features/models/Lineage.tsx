import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { lineageQuery } from "@/api/models";
import type { Model, Project } from "@/api/types";
import { Ago } from "@/components/Ago";
import { Panel } from "@/components/Panel";
import { StateMark } from "@/components/StateMark";
import { Failure } from "@/components/States";
import { Quiet, TableSkeleton } from "@/components/Table";
import { plural } from "@/lib/format";

import classes from "./Models.module.css";

/** Where a version comes from: models, runs, snapshots, and how many judgments. */
export function Lineage({ project, model }: { project: Project; model: Model }) {
  const { slug } = project;
  const lineage = useQuery(lineageQuery(model.id));
  if (lineage.isPending) return <TableSkeleton columns={3} rows={3} />;
  if (lineage.isError) {
    return <Failure what="The lineage could not be read." error={lineage.error} retry={() => void lineage.refetch()} />;
  }
  const { ancestors, runs, snapshots, num_judgments } = lineage.data;
  return (
    <Panel title={num_judgments ? `Lineage: ${plural(num_judgments, "judgment")}` : "Lineage"}>
      <div className={classes.columns}>
        <section>
          <h3>Models before it</h3>
          <ul className={classes.lineage}>
            {ancestors.map((ancestor) => (
              <li key={ancestor.id}>
                <Link to="/p/$slug/models/$modelId" params={{ slug, modelId: String(ancestor.id) }} className="mono">
                  {ancestor.ref}
                </Link>
                <Quiet>{ancestor.kind}</Quiet>
              </li>
            ))}
            {ancestors.length === 0 ? <li>It is the first of its line.</li> : null}
          </ul>
        </section>
        <section>
          <h3>Snapshots it learned from</h3>
          <ul className={classes.lineage}>
            {snapshots.map((snapshot) => (
              <li key={snapshot.id}>
                <Link to="/p/$slug/datasets/$snapshotId" params={{ slug, snapshotId: String(snapshot.id) }}>
                  {snapshot.name || `snapshot ${snapshot.id}`}
                </Link>
                <Quiet>
                  {snapshot.kind}, <Ago at={snapshot.created_at} />
                </Quiet>
              </li>
            ))}
            {snapshots.length === 0 ? <li>None of ours.</li> : null}
          </ul>
        </section>
        <section>
          <h3>Runs that made it</h3>
          <ul className={classes.lineage}>
            {runs.map((run) => (
              <li key={run.id}>
                <Link to="/p/$slug/runs/$runId" params={{ slug, runId: String(run.id) }}>
                  run {run.id}, {run.kind}
                </Link>
                <StateMark state={run.state} />
              </li>
            ))}
            {runs.length === 0 ? <li>{model.source ? `Registered from ${model.source}` : "None."}</li> : null}
          </ul>
        </section>
      </div>
    </Panel>
  );
}
