import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";

import { modelsQuery } from "@/api/models";
import { projectQuery } from "@/api/projects";
import type { Model } from "@/api/types";
import { Ago } from "@/components/Ago";
import { Page } from "@/components/Page";
import { Empty, Failure } from "@/components/States";
import { Quiet, Table, TableSkeleton, type Column } from "@/components/Table";
import { bytes } from "@/lib/format";
import { may } from "@/lib/permissions";
import { seriesColour } from "@/lib/series";
import { useCommands } from "@/lib/useCommands";
import { MODEL_KINDS_IN_TEXT } from "@/lib/names";

import { RegisterModel } from "./RegisterModel";
import { summaryLine } from "./summary";
import { StageName } from "./StageName";
import classes from "./Models.module.css";

export function ModelsPage() {
  const { slug } = useParams({ from: "/signedIn/p/$slug/models" });
  const { register } = useSearch({ from: "/signedIn/p/$slug/models" });
  const navigate = useNavigate({ from: "/p/$slug/models" });
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const models = useQuery(modelsQuery(slug));
  const manages = may(project, "model.manage");
  const open = () => void navigate({ search: { register: true } });
  useCommands([
    { id: "register", label: t`Register a model`, group: t`Models`, keys: ["n"], enabled: manages, perform: open },
  ]);
  const rows = models.data?.results ?? [];
  const button = manages ? <Button onClick={open}><Trans>Register a model</Trans></Button> : undefined;
  return (
    <Page title={t`Models`} lead={t`Every version, what made it, and where it stands.`} actions={button}>
      {models.isPending ? (
        <TableSkeleton columns={6} />
      ) : models.isError ? (
        <Failure what={t`The models could not be read.`} error={models.error} retry={() => void models.refetch()} />
      ) : rows.length === 0 ? (
        <Empty title={t`No model yet.`} actions={button}>
          <Trans>Register a base model by its hub name or folder. Runs and rounds add what they train.</Trans>
        </Empty>
      ) : (
        <Table label={t`Models`} columns={columnsFor(slug)} rows={rows} keyOf={(model) => model.id} />
      )}
      <RegisterModel slug={slug} opened={register === true && manages} onClose={() => void navigate({ search: {} })} />
    </Page>
  );
}

const columnsFor = (slug: string): Column<Model>[] => [
  {
    name: t`Version`,
    cell: (model) => (
      <span className={classes.version}>
        <span className={classes.dot} style={{ background: seriesColour(model.id) }} aria-hidden />
        <Link to="/p/$slug/models/$modelId" params={{ slug, modelId: String(model.id) }} className="mono">
          {model.ref}
        </Link>
      </span>
    ),
  },
  { name: t`Kind`, cell: (model) => MODEL_KINDS_IN_TEXT[model.kind] },
  { name: t`Stage`, cell: (model) => <StageName stage={model.stage} /> },
  { name: t`Summary`, wrap: true, cell: (model) => summaryLine(model) ?? <Quiet>–</Quiet> },
  { name: t`From`, cell: (model) => (model.parent ? <span className="mono">{model.parent.ref}</span> : <Quiet>–</Quiet>) },
  {
    name: t`Made by`,
    cell: (model) =>
      model.produced_by ? (
        <Link to="/p/$slug/runs/$runId" params={{ slug, runId: String(model.produced_by) }}>
          <Trans>run {model.produced_by}</Trans>
        </Link>
      ) : (
        <Quiet>{model.source ? t`registered` : "–"}</Quiet>
      ),
  },
  {
    name: t`Size`,
    number: true,
    cell: (model) => {
      const size = model.files.reduce((total, file) => total + file.size, 0);
      return size ? bytes(size) : <Quiet><Trans>elsewhere</Trans></Quiet>;
    },
  },
  { name: t`Since`, cell: (model) => <Ago at={model.created_at} /> },
];
