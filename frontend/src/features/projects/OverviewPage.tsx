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
      lead={project.description}
      actions={
        <>
          {may(project, "round.launch") ? (
            <LinkButton to="/p/$slug/rounds" params={params} search={{ launch: true }} variant="default">
              Launch a round
            </LinkButton>
          ) : null}
          {mayRank ? (
            <LinkButton to="/p/$slug/annotate" params={params}>
              Start ranking
            </LinkButton>
          ) : null}
        </>
      }
    >
      <div className={classes.stack}>
        {counts.tasks === 0 && counts.judgments === 0 ? (
          <Empty
            title="There is nothing to rank yet."
            actions={
              may(project, "import.run") ? (
                <LinkButton to="/p/$slug/import" params={params}>
                  Import prompts or pairs
                </LinkButton>
              ) : undefined
            }
          >
            A project starts with prompts. Import them with responses to rank, or let a model answer them.
          </Empty>
        ) : null}
        {seesLoop ? <ProjectLoop project={project} counts={counts} /> : null}
        <Panel title="Labels">
          <Stats>
            <Stat name="Judgments" value={count(counts.judgments)} />
            <Stat
              name="Queue"
              value={count(counts.slots_open)}
              note={slots ? `open of ${count(slots)}, ${percent(counts.slots_done / slots, 0)} done` : "no tasks yet"}
            />
            <Stat name="Being ranked now" value={count(counts.slots_leased)} />
            <Stat name="Tasks" value={count(counts.tasks)} note={`${project.overlap} wanted for each`} />
            <Stat name="Annotators" value={count(counts.annotators)} />
          </Stats>
        </Panel>
        {seesLoop ? <LatestResults slug={slug} /> : null}
      </div>
    </Page>
  );
}
