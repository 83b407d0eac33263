import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Tabs } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";

import { projectQuery } from "@/api/projects";
import { Page } from "@/components/Page";

import { Care } from "./Care";
import { Imported } from "./Imported";
import { Invitations } from "./Invitations";
import { Members } from "./Members";
import { Teams } from "./Teams";

const PEOPLE_TABS = ["members", "imported", "invitations", "teams", "care"] as const;

export function PeoplePage() {
  const { slug } = useParams({ from: "/signedIn/p/$slug/people" });
  const { tab = "members" } = useSearch({ from: "/signedIn/p/$slug/people" });
  const navigate = useNavigate({ from: "/p/$slug/people" });
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  return (
    <Page title={t`People`} lead={t`Who may do what here. Somebody may hold several roles.`}>
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(next) => void navigate({ search: { tab: PEOPLE_TABS.find((one) => one === next) } })}
      >
        <Tabs.List mb="lg">
          <Tabs.Tab value="members"><Trans>Members</Trans></Tabs.Tab>
          <Tabs.Tab value="imported"><Trans>Imported workers</Trans></Tabs.Tab>
          <Tabs.Tab value="invitations"><Trans>Invitations</Trans></Tabs.Tab>
          <Tabs.Tab value="teams"><Trans>Teams</Trans></Tabs.Tab>
          <Tabs.Tab value="care"><Trans>Care</Trans></Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="members">
          <Members project={project} />
        </Tabs.Panel>
        <Tabs.Panel value="imported">
          <Imported project={project} />
        </Tabs.Panel>
        <Tabs.Panel value="invitations">
          <Invitations project={project} />
        </Tabs.Panel>
        <Tabs.Panel value="teams">
          <Teams project={project} />
        </Tabs.Panel>
        <Tabs.Panel value="care">
          <Care project={project} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
