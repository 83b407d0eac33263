import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link, useMatches, useParams } from "@tanstack/react-router";

import { projectQuery } from "@/api/projects";

import { PROJECT_PAGES } from "./navigation";
import classes from "./Shell.module.css";

/** Project / page / thing. */
export function Breadcrumbs() {
  const { slug } = useParams({ strict: false });
  const project = useQuery({ ...projectQuery(slug ?? ""), enabled: slug !== undefined });
  const match = useMatches().at(-1);
  const words = match?.staticData.crumb?.(match.params).split("/") ?? [];
  const last = words.at(-1);
  const parent = words.length > 1 ? PROJECT_PAGES.find((page) => page.label === words[0]) : undefined;
  return (
    <nav aria-label={t`Breadcrumbs`} style={{ flex: 1, minWidth: 0 }}>
      <ol className={classes.crumbs}>
        {slug ? (
          <li>
            {last ? (
              <Link to="/p/$slug" params={{ slug }}>
                {project.data?.name ?? slug}
              </Link>
            ) : (
              <span aria-current="page">{project.data?.name ?? slug}</span>
            )}
          </li>
        ) : null}
        {slug && parent ? (
          <li>
            <span className={classes.slash} aria-hidden>
              /
            </span>
            <Link to={parent.to} params={{ slug }}>
              {parent.label}
            </Link>
          </li>
        ) : null}
        {last ? (
          <li>
            {slug ? (
              <span className={classes.slash} aria-hidden>
                /
              </span>
            ) : null}
            <span aria-current="page">{last}</span>
          </li>
        ) : slug ? null : (
          <li>
            <span aria-current="page"><Trans>Projects</Trans></span>
          </li>
        )}
      </ol>
    </nav>
  );
}
