import { t } from "@lingui/core/macro";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { IconLayoutGrid, IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand, IconSettings } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { projectQuery } from "@/api/projects";
import { Hint } from "@/components/Hint";
import { Mark } from "@/components/Mark";

import { pagesFor } from "./navigation";
import classes from "./Rail.module.css";

interface Props {
  narrow: boolean;
  onToggle?: () => void;
  onNavigate?: () => void;
}

const GROUPS = [0, 1, 2, 3];

export function Rail({ narrow, onToggle, onNavigate }: Props) {
  const { slug } = useParams({ strict: false });
  const project = useQuery({ ...projectQuery(slug ?? ""), enabled: slug !== undefined });
  const pages = slug && project.data ? pagesFor(project.data.my_permissions) : [];
  const item = (label: string, icon: ReactNode) => (
    <>
      {icon}
      {narrow ? <span className="visually-hidden">{label}</span> : label}
    </>
  );
  return (
    <nav className={narrow ? `${classes.rail} ${classes.narrow}` : classes.rail} aria-label={t`Main`}>
      <Link to="/" className={classes.brand} onClick={onNavigate} aria-label={t`Plumbline, home`}>
        <Mark size={24} />
        {narrow ? null : <span>Plumbline</span>}
      </Link>
      <ul className={classes.list}>
        <li>
          <Hint label={t`Projects`} position="right" disabled={!narrow}>
            <Link to="/" className={classes.item} activeOptions={{ exact: true, includeSearch: false }} onClick={onNavigate}>
              {item(t`Projects`, <IconLayoutGrid size={18} stroke={1.6} aria-hidden />)}
            </Link>
          </Hint>
        </li>
      </ul>
      {slug
        ? GROUPS.map((group) => ({ group, shown: pages.filter((page) => page.group === group) }))
            .filter(({ shown }) => shown.length > 0)
            .map(({ group, shown }) => (
              <ul className={classes.list} key={group}>
                {shown.map((page) => (
                  <li key={page.to}>
                    <Hint label={page.label} position="right" disabled={!narrow}>
                      <Link
                        to={page.to}
                        params={{ slug }}
                        className={classes.item}
                        activeOptions={{ exact: page.to === "/p/$slug", includeSearch: false }}
                        onClick={onNavigate}
                      >
                        {item(page.label, <page.Icon size={18} stroke={1.6} aria-hidden />)}
                      </Link>
                    </Hint>
                  </li>
                ))}
              </ul>
            ))
        : null}
      <div className={classes.spacer} />
      <ul className={classes.list}>
        <li>
          <Hint label={t`Settings`} position="right" disabled={!narrow}>
            <Link to="/settings" className={classes.item} onClick={onNavigate}>
              {item(t`Settings`, <IconSettings size={18} stroke={1.6} aria-hidden />)}
            </Link>
          </Hint>
        </li>
        {onToggle ? (
          <li>
            <Hint label={t`Unfold the menu`} position="right" disabled={!narrow}>
              <button type="button" className={classes.item} onClick={onToggle} aria-expanded={!narrow}>
                {narrow
                  ? item(t`Unfold the menu`, <IconLayoutSidebarLeftExpand className="pointing" size={18} stroke={1.6} aria-hidden />)
                  : item(t`Fold the menu`, <IconLayoutSidebarLeftCollapse className="pointing" size={18} stroke={1.6} aria-hidden />)}
              </button>
            </Hint>
          </li>
        ) : null}
      </ul>
    </nav>
  );
}
