import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button } from "@mantine/core";

import { Key } from "@/components/Key";
import { Empty } from "@/components/States";
import { useCommands } from "@/lib/useCommands";

import classes from "./RankingPage.module.css";

/** A break: what was said so far is kept, and no time is counted. */
export function Paused({ onResume }: { onResume: () => void }) {
  const [resume] = useCommands([
    { id: "resume", label: t`Go on`, group: t`Work`, keys: ["Enter"], enabled: true, perform: onResume },
  ]);
  const key = resume?.keys[0];
  return (
    <div className={classes.state}>
      <Empty
        title={t`You are on a break.`}
        actions={
          <Button autoFocus onClick={onResume} rightSection={key ? <Key name={key} /> : null}>
            <Trans>Go on</Trans>
          </Button>
        }
      >
        <Trans>The clock stands still. What you said so far is kept; if the break is a long one, the task may go to somebody
        else meanwhile.</Trans>
      </Empty>
    </div>
  );
}
