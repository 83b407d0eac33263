import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";

import { ApiError } from "@/api/client";
import { modelQuery } from "@/api/models";
import { projectQuery } from "@/api/projects";
import type { Model, Project } from "@/api/types";
import { Ago } from "@/components/Ago";
import { LinkButton } from "@/components/LinkButton";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { Stat, Stats } from "@/components/Stat";
import { Empty, Failure } from "@/components/States";
import { Table, TableSkeleton } from "@/components/Table";
import { bytes } from "@/lib/format";
import { may } from "@/lib/permissions";
import { MODEL_KINDS_IN_TEXT } from "@/lib/names";

import { Lineage } from "./Lineage";
import { StageButtons } from "./StageButtons";
import { StageName } from "./StageName";
import { summaryRows } from "./summary";

export function ModelPage() {
  const { slug, modelId } = useParams({ from: "/signedIn/p/$slug/models/$modelId" });
  const id = Number(modelId);
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const model = useQuery({ ...modelQuery(id), enabled: Number.isInteger(id) });
  if (model.data) return <ModelView project={project} model={model.data} />;
  const missing = !Number.isInteger(id) || (model.error instanceof ApiError && model.error.status === 404);
  return (
    <Page title={t`Model`}>
      {missing ? (
        <Empty
          title={t`There is no such version here.`}
          actions={
            <LinkButton to="/p/$slug/models" params={{ slug }} variant="default">
              <Trans>Show every model</Trans>
            </LinkButton>
          }
        >
          <Trans>The address may be mistyped, or it belongs to another project.</Trans>
        </Empty>
      ) : model.isError ? (
        <Failure what={t`The model could not be read.`} error={model.error} retry={() => void model.refetch()} />
      ) : (
        <TableSkeleton columns={3} />
      )}
    </Page>
  );
}

function ModelView({ project, model }: { project: Project; model: Model }) {
  const size = model.files.reduce((total, file) => total + file.size, 0);
  const rows = summaryRows(model);
  return (
    <Page
      title={<span className="mono">{model.ref}</span>}
      tab={model.ref}
      lead={
        <>
          {MODEL_KINDS_IN_TEXT[model.kind]}, <StageName stage={model.stage} />
        </>
      }
      actions={may(project, "model.manage") ? <StageButtons slug={project.slug} model={model} /> : undefined}
    >
      <div style={{ display: "grid", gap: 24 }}>
        <Panel>
          <Stats>
            <Stat name={t`Since`} value={<Ago at={model.created_at} />} />
            <Stat name={t`Size`} value={size ? bytes(size) : "–"} note={model.source || plural(model.files.length, { one: "# files", other: "# files" })} />
            {rows.slice(0, 6).map(([name, value]) => (
              <Stat key={name} name={name} value={value} />
            ))}
          </Stats>
        </Panel>
        <Lineage project={project} model={model} />
        {model.files.length ? (
          <Table
            label={t`Files`}
            rows={[...model.files, ...model.critic_files.map((file) => ({ ...file, name: `critic/${file.name}` }))]}
            keyOf={(file) => file.name}
            columns={[
              { name: t`File`, cell: (file) => <span className="mono">{file.name}</span> },
              { name: "SHA-256", cell: (file) => <span className="mono">{file.sha256.slice(0, 16)}…</span> },
              { name: t`Size`, number: true, cell: (file) => bytes(file.size) },
            ]}
          />
        ) : null}
      </div>
    </Page>
  );
}
