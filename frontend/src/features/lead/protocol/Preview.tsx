import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { SegmentedControl } from "@mantine/core";
import { useState } from "react";

import type { Assignment, Project, Protocol } from "@/api/types";
import type { JudgingDesk } from "@/lib/judging";

import classes from "./Protocol.module.css";

const sampleResponses = () => [
  t`I am sorry that your kettle broke on its way. Send us a photo and we will ship a new one today.`,
  t`Read the manual. Buy a new kettle.`,
  t`Thank you for your message. Our company was founded by two brothers, and we will look into your kettle.`,
];

const KINDS = [
  { value: "pair", get label() { return t`Two`; } },
  { value: "several", get label() { return t`Three`; } },
  { value: "write", get label() { return t`Writing`; } },
] as const;

type Kind = (typeof KINDS)[number]["value"];

interface Props {
  project: Project;
  protocol: Protocol;
  Desk: JudgingDesk;
}

/** The ranking page under this protocol, to be tried; nothing is stored. */
export function Preview({ project, protocol, Desk }: Props) {
  const [chosen, setKind] = useState<Kind>("pair");
  const kinds = KINDS.filter(({ value }) => value !== "write" || protocol.demonstrations.on);
  const kind = kinds.some(({ value }) => value === chosen) ? chosen : "pair";
  return (
    <section className={classes.preview} aria-label={t`Preview`}>
      <header className={classes.previewHead}>
        <h2><Trans>As annotators see it</Trans></h2>
        <SegmentedControl
          size="xs"
          aria-label={t`What to preview`}
          data={[...kinds]}
          value={kind}
          onChange={(next) => setKind(KINDS.find(({ value }) => value === next)?.value ?? "pair")}
        />
      </header>
      <div className={classes.stage} tabIndex={0} role="group" aria-label={t`Try it: nothing is stored`}>
        <Desk key={kind} project={project} assignment={sampleOf(kind, protocol)} />
      </div>
    </section>
  );
}

function sampleOf(kind: Kind, protocol: Protocol): Assignment {
  const texts = kind === "write" ? [] : sampleResponses().slice(0, kind === "pair" ? 2 : 3);
  return {
    id: `preview-${kind}`,
    lease_token: 0,
    expires_at: "2100-01-01T00:00:00Z",
    prompt: {
      messages: [
        { role: "system", content: t`You answer the customers of a shop for kettles.` },
        { role: "user", content: t`My kettle arrived broken. Can you help me, please?` },
      ],
      risk_tags: [],
    },
    responses: texts.map((content, index) => ({ key: `r${index}`, messages: [{ role: "assistant", content }] })),
    protocol,
    protocol_version: 0,
    guideline_version: null,
    kind: kind === "write" ? "demonstrate" : "rank",
    draft: { revision: 0, body: null, saved_at: null },
    returned: null,
  };
}
