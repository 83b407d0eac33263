import { plural, t } from "@lingui/core/macro";
import { Plural, Trans } from "@lingui/react/macro";
import { Button, Tabs } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";

import { projectQuery } from "@/api/projects";
import { annotatorsQuery, refreshQuality } from "@/api/quality";
import { Ago } from "@/components/Ago";
import { Page } from "@/components/Page";
import { Failure } from "@/components/States";
import { TableSkeleton } from "@/components/Table";
import { usePolling } from "@/lib/live";
import { useAct } from "@/lib/useAct";

import { Agreement } from "./Agreement";
import { Annotators } from "./Annotators";
import { Rules } from "./Rules";

const QUALITY_TABS = ["annotators", "agreement", "rules"] as const;

function sinceThen(num: number, soon: boolean): string {
  if (num <= 0) return "";
  return soon
    ? plural(num, { one: "; # judgment came since, and are being added", other: "; # judgments came since, and are being added" })
    : plural(num, { one: "; # judgment came since", other: "; # judgments came since" });
}

export function QualityPage() {
  const { slug } = useParams({ from: "/signedIn/p/$slug/quality" });
  const { tab = "annotators" } = useSearch({ from: "/signedIn/p/$slug/quality" });
  const navigate = useNavigate({ from: "/p/$slug/quality" });
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const polling = usePolling();
  const annotators = useQuery({ ...annotatorsQuery(slug), refetchInterval: polling });
  const refresh = useAct(() => refreshQuality(slug), { stale: [["project", slug, "quality"]], failed: t`Not computed` });
  const soon = refresh.data !== undefined && refresh.data.num_new > 0;
  const fresh = annotators.data;
  return (
    <Page
      title={t`Quality`}
      lead={
        fresh?.computed_at ? (
          <>
            <Trans>
              From <Plural value={fresh.num_judgments} one="# judgment" other="# judgments" />, computed <Ago at={fresh.computed_at} />
            </Trans>
            {sinceThen(fresh.num_new, soon)}.
          </>
        ) : (
          t`Who agrees with whom, and how steadily each person judges.`
        )
      }
      actions={
        <Button variant="default" loading={refresh.isPending} onClick={() => refresh.mutate(undefined)}>
          <Trans>Compute now</Trans>
        </Button>
      }
    >
      <Tabs
        value={tab}
        onChange={(next) => void navigate({ search: { tab: QUALITY_TABS.find((one) => one === next) } })}
        keepMounted={false}
      >
        <Tabs.List mb="lg">
          <Tabs.Tab value="annotators"><Trans>Annotators</Trans></Tabs.Tab>
          <Tabs.Tab value="agreement"><Trans>Agreement</Trans></Tabs.Tab>
          <Tabs.Tab value="rules"><Trans>Rules</Trans></Tabs.Tab>
        </Tabs.List>
        {annotators.isPending ? (
          <TableSkeleton columns={8} />
        ) : annotators.isError && !fresh ? (
          <Failure what={t`The figures could not be read.`} error={annotators.error} retry={() => void annotators.refetch()} />
        ) : (
          <>
            <Tabs.Panel value="annotators">
              <Annotators project={project} rows={fresh?.annotators ?? []} />
            </Tabs.Panel>
            <Tabs.Panel value="agreement">
              <Agreement slug={slug} annotators={fresh?.annotators ?? []} />
            </Tabs.Panel>
            <Tabs.Panel value="rules">
              <Rules project={project} annotators={fresh?.annotators ?? []} />
            </Tabs.Panel>
          </>
        )}
      </Tabs>
    </Page>
  );
}
