import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";

import type { Project } from "@/api/types";
import { count } from "@/lib/format";
import { may } from "@/lib/permissions";
import { rolesInText } from "@/lib/names";

import classes from "./HomePage.module.css";

export function ProjectCard({ project }: { project: Project }) {
  const { counts } = project;
  // Who only ranks here lands on the ranking page.
  const to = may(project, "queue.view") ? "/p/$slug" : "/p/$slug/annotate";
  return (
    <Link to={to} params={{ slug: project.slug }} className={classes.card}>
      <div>
        <h3 className={classes.cardName}>{project.name}</h3>
        <p className={classes.cardText}><bdi>{project.description || t`No description.`}</bdi></p>
      </div>
      <dl className={classes.figures}>
        <div>
          <dt><Trans>To rank</Trans></dt>
          <dd>{count(counts.slots_open)}</dd>
        </div>
        <div>
          <dt><Trans>Judgments</Trans></dt>
          <dd>{count(counts.judgments)}</dd>
        </div>
        <div>
          <dt><Trans>Annotators</Trans></dt>
          <dd>{count(counts.annotators)}</dd>
        </div>
      </dl>
      {project.my_roles.length ? <span className={classes.roles}><Trans>You are {rolesInText(project.my_roles)}.</Trans></span> : null}
    </Link>
  );
}
