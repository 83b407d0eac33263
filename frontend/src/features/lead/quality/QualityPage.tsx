import { Button, Tabs } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";

import { projectQuery } from "@/api/projects";
import { annotatorsQuery, refreshQuality } from "@/api/quality";
import { Ago } from "@/components/Ago";
import { Page } from "@/components/Page";
import { Failure } from "@/components/States";
import { TableSkeleton } from "@/components/Table";
import { plural } from "@/lib/format";
import { usePolling } from "@/lib/live";
import { useAct } from "@/lib/useAct";

import { Agreement } from "./Agreement";
import { Annotators } from "./Annotators";
import { Rules } from "./Rules";

const QUALITY_TABS = ["annotators", "agreement", "rules"] as const;

export function QualityPage() {
  const { slug } = useParams({ from: "/signedIn/p/$slug/quality" });
  const { tab = "annotators" } = useSearch({ from: "/signedIn/p/$slug/quality" });
  const navigate = useNavigate({ from: "/p/$slug/quality" });
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const polling = usePolling();
  const annotators = useQuery({ ...annotatorsQuery(slug), refetchInterval: polling });
  const refresh = useAct(() => refreshQuality(slug), { stale: [["project", slug, "quality"]], failed: "Not computed" });
  const soon = refresh.data !== undefined && refresh.data.num_new > 0;
  const fresh = annotators.data;
  return (
    <Page
      title="Quality"
      lead={
        fresh?.computed_at ? (
          <>
            From {plural(fresh.num_judgments, "judgment")}, computed <Ago at={fresh.computed_at} />
            {fresh.num_new > 0 ? `; ${plural(fresh.num_new, "judgment")} came since${soon ? ", and are being added" : ""}` : ""}.
          </>
        ) : (
          "Who agrees with whom, and how steadily each person judges."
        )
      }
      actions={
        <Button variant="default" loading={refresh.isPending} onClick={() => refresh.mutate(undefined)}>
          Compute now
        </Button>
      }
    >
      <Tabs
        value={tab}
        onChange={(next) => void navigate({ search: { tab: QUALITY_TABS.find((one) => one === next) } })}
        keepMounted={false}
      >
        <Tabs.List mb="lg">
          <Tabs.Tab value="annotators">Annotators</Tabs.Tab>
          <Tabs.Tab value="agreement">Agreement</Tabs.Tab>
          <Tabs.Tab value="rules">Rules</Tabs.Tab>
        </Tabs.List>
        {annotators.isPending ? (
          <TableSkeleton columns={8} />
        ) : annotators.isError && !fresh ? (
          <Failure what="The figures could not be read." error={annotators.error} retry={() => void annotators.refetch()} />
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
