import { t } from "@lingui/core/macro";
import { Spotlight, spotlight, type SpotlightActionGroupData } from "@mantine/spotlight";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { IconSearch } from "@tabler/icons-react";
import { useEffect, useState } from "react";

import { projectQuery, projectsQuery } from "@/api/projects";
import { keyLabel, type Command } from "@/lib/commands";
import { activeCommands } from "@/lib/useCommands";
import { Key } from "@/components/Key";

import { pagesFor } from "./navigation";

/** Reaches every page, every project, and what can be done on the page now. */
export function Palette({ timesAsked }: { timesAsked: number }) {
  const navigate = useNavigate();
  const { slug } = useParams({ strict: false });
  const [commands, setCommands] = useState<Command[]>([]);
  useEffect(() => {
    if (timesAsked > 0) spotlight.open();
  }, [timesAsked]);
  const projects = useQuery(projectsQuery);
  const project = useQuery({ ...projectQuery(slug ?? ""), enabled: slug !== undefined });

  const groups: SpotlightActionGroupData[] = [
    {
      group: t`Here`,
      actions: commands
        .filter((command) => command.enabled && command.id !== "palette")
        .map((command) => ({
          id: command.id,
          label: command.label,
          rightSection: command.keys[0] ? <Key name={command.keys[0]} /> : null,
          keywords: command.keys.map(keyLabel),
          onClick: command.perform,
        })),
    },
    {
      group: project.data?.name ?? t`Project`,
      actions:
        slug && project.data
          ? pagesFor(project.data.my_permissions).map((page) => ({
              id: `page:${page.to}`,
              label: page.label,
              leftSection: <page.Icon size={17} stroke={1.6} aria-hidden />,
              onClick: () => void navigate({ to: page.to, params: { slug } }),
            }))
          : [],
    },
    {
      group: t`Projects`,
      actions: [
        ...(projects.data?.results ?? []).map((other) => ({
          id: `project:${other.slug}`,
          label: other.name,
          description: other.description || undefined,
          onClick: () => void navigate({ to: "/p/$slug", params: { slug: other.slug } }),
        })),
        { id: "home", label: t`All projects`, onClick: () => void navigate({ to: "/" }) },
        { id: "settings", label: t`Settings`, onClick: () => void navigate({ to: "/settings" }) },
      ],
    },
  ].filter((group) => group.actions.length > 0);

  return (
    <Spotlight
      actions={groups}
      shortcut={null}
      highlightQuery
      overlayProps={{ blur: 0, backgroundOpacity: 0.35 }}
      limit={30}
      scrollable
      maxHeight={440}
      nothingFound={t`Nothing by that name.`}
      searchProps={{
        leftSection: <IconSearch size={18} stroke={1.6} />,
        placeholder: t`Go to a page or do something…`,
        "aria-label": t`Search pages and actions`,
      }}
      onSpotlightOpen={() => setCommands(activeCommands())}
      transitionProps={{ duration: 80 }}
    />
  );
}
