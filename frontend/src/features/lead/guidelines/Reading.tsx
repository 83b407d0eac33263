import { plural, t } from "@lingui/core/macro";
import { Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { acknowledgementsQuery, requireReading } from "@/api/guidelines";
import type { Guidelines, Project } from "@/api/types";
import { Ago } from "@/components/Ago";
import { DownloadCsv } from "@/components/DownloadCsv";
import { Panel } from "@/components/Panel";
import { Failure } from "@/components/States";
import { Quiet, Table } from "@/components/Table";
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
    failed: t`Not changed`,
  });
  const required = project.required_guideline === version.number;
  const rows = readers.data ?? [];
  return (
    <div className={classes.reading}>
      <Panel title={t`Reading`}>
        <Switch
          label={t`Everybody must have read this version`}
          description={
            required
              ? t`Nobody gets a task before they have said so.`
              : project.required_guideline
                ? t`Version ${project.required_guideline} must be read now.`
                : t`Nothing must be read now.`
          }
          disabled={require.isPending || version.number !== newest}
          checked={required}
          onChange={(event) => require.mutate(event.currentTarget.checked ? version.number : 0)}
        />
        <div className={classes.readers}>
          {readers.isError ? (
            <Failure what={t`Who has read it could not be read.`} error={readers.error} retry={() => void readers.refetch()} />
          ) : rows.length ? (
            <>
              <Table
                label={t`Who has read it`}
                rows={rows}
                keyOf={(row) => row.id}
                columns={[
                  { name: t`Name`, cell: (row) => row.name },
                  { name: t`When`, cell: (row) => (row.created_at ? <Ago at={row.created_at} /> : null) },
                ]}
              />
              <div className={classes.below}>
                <Quiet>{plural(rows.length, { one: "# person", other: "# people" })}</Quiet>
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
            <Quiet>{readers.isPending ? "…" : t`Nobody has said yet that they read this version.`}</Quiet>
          )}
        </div>
      </Panel>
    </div>
  );
}
