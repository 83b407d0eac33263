import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";

import { projectQuery } from "@/api/projects";
import { sessionQuery } from "@/api/session";
import { LinkButton } from "@/components/LinkButton";
import { Page } from "@/components/Page";
import { Empty } from "@/components/States";
import { may } from "@/lib/permissions";

import { RankingPage } from "./RankingPage";

export function AnnotatePage() {
  const { slug } = useParams({ from: "/signedIn/p/$slug/annotate" });
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const { data: session } = useSuspenseQuery(sessionQuery);
  if (!session.user || !may(project, "task.annotate")) {
    return (
      <Page title={t`Rank`} narrow>
        <Empty
          title={t`You may read this project, but not rank in it.`}
          actions={
            <LinkButton to="/p/$slug" params={{ slug }} variant="default">
              <Trans>Go to the overview</Trans>
            </LinkButton>
          }
        >
          <Trans>Ask a lead or the owner to add you as an annotator.</Trans>
        </Empty>
      </Page>
    );
  }
  return <RankingPage key={`${session.user.id}:${slug}`} project={project} userId={session.user.id} />;
}
