import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { ActionIcon } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Outlet, useLocation, useMatches, useNavigate } from "@tanstack/react-router";
import { IconMenu2, IconSearch } from "@tabler/icons-react";
import { Suspense, useEffect, useState } from "react";

import { sessionQuery } from "@/api/session";
import { Key } from "@/components/Key";
import { TopBarContext } from "@/components/TopBarSlot";
import { later, useCalm } from "@/lib/later";
import { setPreference, usePreferences } from "@/lib/preferences";
import { useCommandKeys, useCommands } from "@/lib/useCommands";

import { AccountMenu } from "./AccountMenu";
import { Breadcrumbs } from "./Breadcrumbs";
import { ConnectionBanner } from "./ConnectionBanner";
import { Rail } from "./Rail";
import classes from "./Shell.module.css";
import { useFetchLater } from "./useFetchLater";
import { useSharedChoices } from "./useSharedChoices";

// Without them the page still works.
const Palette = later(() => import("./Palette").then((module) => module.Palette), () => null);
const HelpSheet = later(() => import("./HelpSheet").then((module) => module.HelpSheet), () => null);
const RailDrawer = later(() => import("./RailDrawer").then((module) => module.RailDrawer), () => null);

export function Shell() {
  const { railNarrow, contrast } = usePreferences();
  useEffect(() => void (document.documentElement.dataset.contrast = contrast), [contrast]);
  const wide = useMatches().some((match) => match.staticData.wide === true);
  const [slot, setSlot] = useState<HTMLElement | null>(null);
  const [unfolded, setUnfolded] = useState(false);
  const [drawer, { open: openDrawer, close: closeDrawer }] = useDisclosure(false);
  const [help, setHelp] = useState(false);
  const [timesSearched, setTimesSearched] = useState(0);
  const search = () => setTimesSearched((times) => times + 1);
  const calm = useCalm();
  useFetchLater();
  useSignInAgain();
  useCommandKeys();
  useSharedChoices(useSuspenseQuery(sessionQuery).data.user?.id ?? null);
  useCommands([
    { id: "palette", label: t`Search pages and actions`, group: t`Anywhere`, keys: ["mod+k"], enabled: true, perform: search },
    { id: "help", label: t`Show the keyboard`, group: t`Anywhere`, keys: ["?"], enabled: true, perform: () => setHelp(true) },
  ]);
  const narrow = wide ? !unfolded : railNarrow;
  const toggle = () => (wide ? setUnfolded(!unfolded) : setPreference("railNarrow", !railNarrow));
  return (
    <div className={classes.shell} data-narrow={narrow}>
      <a className={classes.skip} href="#main">
        <Trans>Skip to the content</Trans>
      </a>
      <div className={classes.rail}>
        <Rail narrow={narrow} onToggle={toggle} />
      </div>
      <Suspense>{calm || drawer ? <RailDrawer opened={drawer} onClose={closeDrawer} /> : null}</Suspense>
      <div className={classes.column}>
        <header className={classes.topbar}>
          <ActionIcon className={classes.burger} variant="subtle" color="gray" size={40} aria-label={t`Open the menu`} onClick={openDrawer}>
            <IconMenu2 size={20} stroke={1.7} aria-hidden />
          </ActionIcon>
          <Breadcrumbs />
          <div className={classes.slot} ref={setSlot} />
          <button type="button" className={classes.search} onClick={search} aria-label={t`Search pages and actions`}>
            <IconSearch size={16} stroke={1.7} aria-hidden />
            <span><Trans>Search</Trans></span>
            <Key name="mod+k" />
          </button>
          <AccountMenu />
        </header>
        {/* The ranking page says it in its own bar: nothing may shift while somebody reads. */}
        <ConnectionBanner silent={wide} />
        <main className={classes.main} id="main" tabIndex={-1}>
          <TopBarContext value={slot}>
            <Outlet />
          </TopBarContext>
        </main>
      </div>
      <Suspense>{calm || timesSearched > 0 ? <Palette timesAsked={timesSearched} /> : null}</Suspense>
      <Suspense>{help ? <HelpSheet onClose={() => setHelp(false)} /> : null}</Suspense>
    </div>
  );
}

/** A session that ended while the page was open leads to the sign-in page and back. */
function useSignInAgain(): void {
  const navigate = useNavigate();
  const href = useLocation({ select: (location) => location.href });
  const session = useQuery(sessionQuery);
  const signedOut = session.data?.user === null;
  useEffect(() => {
    if (signedOut) void navigate({ to: "/sign-in", search: { next: href } });
  }, [signedOut, navigate, href]);
}
