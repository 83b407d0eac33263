import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, Select } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { guidelinesQuery } from "@/api/lead";
import { projectQuery } from "@/api/projects";
import type { Guidelines, Project } from "@/api/types";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { Prose } from "@/components/Prose";
import { Empty, Failure } from "@/components/States";
import { Quiet, TableSkeleton } from "@/components/Table";
import { moment } from "@/lib/format";
import { may } from "@/lib/permissions";

import { Editor } from "./Editor";
import { LOOK } from "./look";
import { Reading } from "./Reading";
import { Requeue } from "./Requeue";

export function GuidelinesPage() {
  const { slug } = useParams({ from: "/signedIn/p/$slug/guidelines" });
  const { version } = useSearch({ from: "/signedIn/p/$slug/guidelines" });
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const versions = useQuery(guidelinesQuery(slug));
  const [editing, setEditing] = useState(false);
  const [requeuing, setRequeuing] = useState(false);
  const edits = may(project, "guidelines.edit");
  const rows = versions.data?.results ?? [];
  const shown = rows.find(({ number }) => number === version) ?? rows[0];
  const edit =
    edits && !editing ? (
      <Button onClick={() => setEditing(true)}>{shown ? t`Write a new version` : t`Write the guidelines`}</Button>
    ) : undefined;
  return (
    <Page
      title={t`Guidelines`}
      lead={t`How to judge here. Every judgment names the version it was made under.`}
      actions={
        rows.length ? (
          <>
            {edits && rows.length > 1 && !editing ? (
              <Button variant="default" onClick={() => setRequeuing(true)}>
                <Trans>Ask again</Trans>
              </Button>
            ) : null}
            {edit}
          </>
        ) : undefined
      }
    >
      {versions.isPending ? (
        <TableSkeleton columns={1} rows={6} />
      ) : versions.isError ? (
        <Failure what={t`The guidelines could not be read.`} error={versions.error} retry={() => void versions.refetch()} />
      ) : editing ? (
        <Editor slug={slug} start={rows[0]?.text ?? ""} onDone={() => setEditing(false)} />
      ) : shown ? (
        <Shown project={project} rows={rows} shown={shown} edits={edits} />
      ) : (
        <Empty title={t`There are no guidelines yet.`} actions={edit}>
          <Trans>Say what makes one response better than another, with examples. Annotators open them beside the task.</Trans>
        </Empty>
      )}
      <Requeue slug={slug} newest={rows[0]?.number ?? 0} opened={requeuing} onClose={() => setRequeuing(false)} />
    </Page>
  );
}

interface ShownProps {
  project: Project;
  rows: readonly Guidelines[];
  shown: Guidelines;
  edits: boolean;
}

function Shown({ project, rows, shown, edits }: ShownProps) {
  const navigate = useNavigate({ from: "/p/$slug/guidelines" });
  const written = (version: Guidelines) => (version.created_at ? moment(version.created_at, new Date()) : "");
  return (
    <Group align="flex-start" gap="lg" grow preventGrowOverflow={false}>
      <div style={{ flex: "1 1 480px", maxWidth: "none", minWidth: 0 }}>
        <Panel
          title={t`Version ${shown.number}`}
          actions={
            rows.length > 1 ? (
              <Select
                aria-label={t`Version`}
                size="xs"
                w={230}
                allowDeselect={false}
                value={String(shown.number)}
                onChange={(next) => void navigate({ search: { version: Number(next) } })}
                data={rows.map((version) => ({
                  value: String(version.number),
                  label: t`Version ${version.number}, ${written(version)}`,
                }))}
              />
            ) : undefined
          }
        >
          <div style={{ maxWidth: "84ch" }}>
            <Prose text={shown.text} look={LOOK} />
          </div>
          <p style={{ margin: "16px 0 0" }}>
            <Quiet>
              {shown.created_by ? (
                <Trans>
                  Written by {shown.created_by} {written(shown)}
                </Trans>
              ) : (
                <Trans>Written {written(shown)}</Trans>
              )}
            </Quiet>
          </p>
        </Panel>
      </div>
      {edits ? <Reading project={project} version={shown} newest={rows[0]?.number ?? shown.number} /> : null}
    </Group>
  );
}
