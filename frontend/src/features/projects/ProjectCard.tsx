import { Link } from "@tanstack/react-router";

import type { Project } from "@/api/types";
import { count } from "@/lib/format";
import { may } from "@/lib/permissions";

import classes from "./HomePage.module.css";

export function ProjectCard({ project }: { project: Project }) {
  const { counts } = project;
  // Who only ranks here lands on the ranking page.
  const to = may(project, "queue.view") ? "/p/$slug" : "/p/$slug/annotate";
  return (
    <Link to={to} params={{ slug: project.slug }} className={classes.card}>
      <div>
        <h3 className={classes.cardName}>{project.name}</h3>
        <p className={classes.cardText}>{project.description || "No description."}</p>
      </div>
      <dl className={classes.figures}>
        <div>
          <dt>To rank</dt>
          <dd>{count(counts.slots_open)}</dd>
        </div>
        <div>
          <dt>Judgments</dt>
          <dd>{count(counts.judgments)}</dd>
        </div>
        <div>
          <dt>Annotators</dt>
          <dd>{count(counts.annotators)}</dd>
        </div>
      </dl>
      {project.my_roles.length ? <span className={classes.roles}>You are {project.my_roles.join(" and ")}.</span> : null}
    </Link>
  );
}
