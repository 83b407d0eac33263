import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";

import { countsQuery, projectQuery } from "@/api/projects";
import { LinkButton } from "@/components/LinkButton";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { Stat, Stats } from "@/components/Stat";
import { Empty } from "@/components/States";
import { count, percent } from "@/lib/format";
import { usePolling } from "@/lib/live";
import { may } from "@/lib/permissions";

import { LatestResults } from "./LatestResults";
import classes from "./OverviewPage.module.css";
import { ProjectLoop } from "./ProjectLoop";

export function OverviewPage() {
  const { slug } = useParams({ from: "/signedIn/p/$slug/" });
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const polling = usePolling();
  const live = useQuery({ ...countsQuery(slug), initialData: project.counts, refetchInterval: polling });
  const counts = live.data;
  const params = { slug };
  const seesLoop = may(project, "round.view");
  const mayRank = may(project, "task.annotate");
  const slots = counts.slots_open + counts.slots_leased + counts.slots_done;
  return (
    <Page
      title={project.name}
      lead={<bdi>{project.description}</bdi>}
      actions={
        <>
          {may(project, "round.launch") ? (
            <LinkButton to="/p/$slug/rounds" params={params} search={{ launch: true }} variant="default">
              <Trans>Launch a round</Trans>
            </LinkButton>
          ) : null}
          {mayRank ? (
            <LinkButton to="/p/$slug/annotate" params={params}>
              <Trans>Start ranking</Trans>
            </LinkButton>
          ) : null}
        </>
      }
    >
      <div className={classes.stack}>
        {counts.tasks === 0 && counts.judgments === 0 ? (
          <Empty
            title={t`There is nothing to rank yet.`}
            actions={
              may(project, "import.run") ? (
                <LinkButton to="/p/$slug/import" params={params}>
                  <Trans>Import prompts or pairs</Trans>
                </LinkButton>
              ) : undefined
            }
          >
            <Trans>A project starts with prompts. Import them with responses to rank, or let a model answer them.</Trans>
          </Empty>
        ) : null}
        {seesLoop ? <ProjectLoop project={project} counts={counts} /> : null}
        <Panel title={t`Labels`}>
          <Stats>
            <Stat name={t`Judgments`} value={count(counts.judgments)} />
            <Stat
              name={t`Queue`}
              value={count(counts.slots_open)}
              note={slots ? t`open of ${count(slots)}, ${percent(counts.slots_done / slots, 0)} done` : t`no tasks yet`}
            />
            <Stat name={t`Being ranked now`} value={count(counts.slots_leased)} />
            <Stat name={t`Tasks`} value={count(counts.tasks)} note={t`${project.overlap} wanted for each`} />
            <Stat name={t`Annotators`} value={count(counts.annotators)} />
          </Stats>
        </Panel>
        {seesLoop ? <LatestResults slug={slug} /> : null}
      </div>
    </Page>
  );
}
