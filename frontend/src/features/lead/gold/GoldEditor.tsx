import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, SegmentedControl, Switch, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";

import { retireGold, setGold, type GoldAnswer } from "@/api/tasks";
import type { TaskDetail } from "@/api/types";
import { Note } from "@/components/States";
import { Texts } from "@/components/Texts";
import { useAct } from "@/lib/useAct";

import { missingFrom, placesOf, tiersFrom } from "./answer";
import classes from "./Gold.module.css";

interface Props {
  slug: string;
  task: TaskDetail;
  manages: boolean;
  onDone: () => void;
}

const VERDICTS = [
  { value: "none", get label() { return t`A ranking`; } },
  { value: "both_good", get label() { return t`All are good`; } },
  { value: "both_bad", get label() { return t`All are bad`; } },
] as const;

type Verdict = (typeof VERDICTS)[number]["value"];

/** The known answer of one task, in the letters under which its responses stand here. */
export function GoldEditor({ slug, task, manages, onDone }: Props) {
  const { gold } = task;
  const letters = task.responses.map(({ letter }) => letter);
  const [verdict, setVerdict] = useState<Verdict>(VERDICTS.find(({ value }) => value === gold?.verdict)?.value ?? "none");
  const [places, setPlaces] = useState(() => placesOf(gold?.verdict === "none" || gold?.verdict === undefined ? (gold?.tiers ?? []) : []));
  const [feedback, setFeedback] = useState(gold?.feedback ?? false);
  const [explanation, setExplanation] = useState(gold?.explanation ?? "");
  const stale = [
    ["project", slug, "tasks"],
    ["project", slug, "counts"],
  ];
  const save = useAct((body: GoldAnswer) => setGold(slug, task.id, body), {
    stale,
    failed: t`Not saved`,
    done: () => {
      notifications.show({ message: t`Task ${task.id} is gold.` });
      onDone();
    },
  });
  const retire = useAct(() => retireGold(slug, task.id), {
    stale,
    failed: t`Not retired`,
    done: () => {
      notifications.show({ message: t`Task ${task.id} is asked no more.` });
      onDone();
    },
  });
  const missing = missingFrom(letters, places, verdict);
  const places1toN = letters.map((_, index) => ({ value: String(index + 1), label: String(index + 1) }));
  return (
    <form
      className={classes.editor}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({
          verdict,
          feedback,
          explanation: explanation.trim(),
          ...(verdict === "none" ? { tiers: tiersFrom(letters, places) ?? [] } : {}),
        });
      }}
    >
      <Texts prompt={task.prompt_messages} responses={task.responses.map(({ letter, messages }) => ({ name: letter, messages }))} />
      <SegmentedControl
        aria-label={t`Kind of answer`}
        disabled={!manages}
        data={[...VERDICTS]}
        value={verdict}
        onChange={(next) => setVerdict(VERDICTS.find(({ value }) => value === next)?.value ?? "none")}
      />
      {verdict === "none" ? (
        <div className={classes.places}>
          <p><Trans>Place 1 is best. What shares a place is left free: either order is right.</Trans></p>
          {letters.map((letter) => (
            <div key={letter} className={classes.place}>
              <b>{letter}</b>
              <SegmentedControl
                aria-label={t`Place of response ${letter}`}
                disabled={!manages}
                data={places1toN}
                value={String(places[letter] ?? "")}
                onChange={(next) => setPlaces({ ...places, [letter]: Number(next) })}
              />
            </div>
          ))}
        </div>
      ) : null}
      <Switch
        label={t`Show the answer afterwards`}
        description={t`For training: whoever judged it sees the answer and why. Otherwise it stays silent.`}
        disabled={!manages}
        checked={feedback}
        onChange={(event) => setFeedback(event.currentTarget.checked)}
      />
      <Textarea
        label={t`Why this is the answer`}
        autosize
        minRows={2}
        maxLength={10_000}
        disabled={!manages}
        value={explanation}
        onChange={(event) => setExplanation(event.currentTarget.value)}
      />
      {missing && manages ? <Note>{missing}</Note> : null}
      {manages ? (
        <Group justify="space-between" gap="xs">
          {gold ? (
            <Button variant="subtle" color="gray" loading={retire.isPending} onClick={() => retire.mutate(undefined)}>
              <Trans>Ask it no more</Trans>
            </Button>
          ) : (
            <span />
          )}
          <Button type="submit" disabled={missing !== null} loading={save.isPending}>
            {gold ? t`Save the answer` : t`Make it gold`}
          </Button>
        </Group>
      ) : null}
    </form>
  );
}
