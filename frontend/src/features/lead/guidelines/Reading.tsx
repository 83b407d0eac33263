import { Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { acknowledgementsQuery, requireReading } from "@/api/guidelines";
import type { Guidelines, Project } from "@/api/types";
import { Ago } from "@/components/Ago";
import { DownloadCsv } from "@/components/DownloadCsv";
import { Panel } from "@/components/Panel";
import { Failure } from "@/components/States";
import { Quiet, Table } from "@/components/Table";
import { plural } from "@/lib/format";
import { useAct } from "@/lib/useAct";

import classes from "./Guidelines.module.css";

interface Props {
  project: Project;
  version: Guidelines;
  newest: number;
}

/** Who has read a version, and whether everybody must. */
export function Reading({ project, version, newest }: Props) {
  const { slug } = project;
  const readers = useQuery(acknowledgementsQuery(slug, version.number));
  const require = useAct((number: number) => requireReading(slug, number), {
    stale: [["project", slug, "detail"]],
    failed: "Not changed",
  });
  const required = project.required_guideline === version.number;
  const rows = readers.data ?? [];
  return (
    <div className={classes.reading}>
      <Panel title="Reading">
        <Switch
          label="Everybody must have read this version"
          description={
            required
              ? "Nobody gets a task before they have said so."
              : project.required_guideline
                ? `Version ${project.required_guideline} must be read now.`
                : "Nothing must be read now."
          }
          disabled={require.isPending || version.number !== newest}
          checked={required}
          onChange={(event) => require.mutate(event.currentTarget.checked ? version.number : 0)}
        />
        <div className={classes.readers}>
          {readers.isError ? (
            <Failure what="Who has read it could not be read." error={readers.error} retry={() => void readers.refetch()} />
          ) : rows.length ? (
            <>
              <Table
                label="Who has read it"
                rows={rows}
                keyOf={(row) => row.id}
                columns={[
                  { name: "Name", cell: (row) => row.name },
                  { name: "When", cell: (row) => (row.created_at ? <Ago at={row.created_at} /> : null) },
                ]}
              />
              <div className={classes.below}>
                <Quiet>{plural(rows.length, "person", "people")}</Quiet>
                <DownloadCsv
                  name={`read-version-${version.number}`}
                  columns={[
                    ["name", (row) => row.name],
                    ["at", (row) => row.created_at],
                  ]}
                  rows={() => rows}
                />
              </div>
            </>
          ) : (
            <Quiet>{readers.isPending ? "…" : "Nobody has said yet that they read this version."}</Quiet>
          )}
        </div>
      </Panel>
    </div>
  );
}
