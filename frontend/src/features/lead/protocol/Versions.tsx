import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";

import { protocolVersionsQuery } from "@/api/protocol";
import type { Protocol, ProtocolVersion } from "@/api/types";
import { Ago } from "@/components/Ago";
import { Listing } from "@/components/Listing";
import { Panel } from "@/components/Panel";
import { Quiet, Table, type Column } from "@/components/Table";

import { changes } from "./edit";
import classes from "./Protocol.module.css";

interface Props {
  slug: string;
  current: number;
  /** Takes an older version into the form. */
  onUse: ((protocol: Protocol) => void) | undefined;
}

export function Versions({ slug, current, onUse }: Props) {
  const versions = useInfiniteQuery(protocolVersionsQuery(slug));
  return (
    <Panel title={t`Versions`} padded={false}>
      <Listing
        query={versions}
        failed={t`The versions could not be read.`}
        columns={4}
        empty={<p className={classes.none}><Trans>Nothing was changed yet: judges are asked what a new project asks.</Trans></p>}
      >
        {(rows, more) => (
          <Table label={t`Versions`} bare columns={columnsFor(rows, current, onUse)} rows={rows} keyOf={(version) => version.number} footer={more} />
        )}
      </Listing>
    </Panel>
  );
}

const columnsFor = (rows: readonly ProtocolVersion[], current: number, onUse: Props["onUse"]): Column<ProtocolVersion>[] => [
  { name: t`Version`, cell: (version) => (version.number === current ? t`${version.number}, in use` : version.number) },
  { name: t`What changed`, wrap: true, cell: (version) => <Changes version={version} before={rows.find((row) => row.number === version.number - 1)} /> },
  { name: t`Who`, cell: (version) => version.created_by ?? <Quiet>–</Quiet> },
  { name: t`When`, cell: (version) => (version.created_at ? <Ago at={version.created_at} /> : null) },
  ...(onUse
    ? [
        {
          name: t`Actions`,
          hidden: true,
          number: true,
          cell: (version: ProtocolVersion) =>
            version.number === current ? null : (
              <Button size="compact-xs" variant="subtle" color="gray" onClick={() => onUse(version.protocol)} title={t`Start from version ${version.number}`}>
                <Trans>Start from it</Trans>
              </Button>
            ),
        },
      ]
    : []),
];

function Changes({ version, before }: { version: ProtocolVersion; before: ProtocolVersion | undefined }) {
  if (!before) return <Quiet>{version.number === 1 ? t`the first` : "–"}</Quiet>;
  return changes(before.protocol, version.protocol).join("; ") || <Quiet><Trans>nothing</Trans></Quiet>;
}
