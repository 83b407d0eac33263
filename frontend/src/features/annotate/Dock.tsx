import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useState } from "react";

import type { Assignment } from "@/api/types";
import type { Command } from "@/lib/commands";
import { Key } from "@/components/Key";

import { CommandButton } from "./CommandButton";
import type { DockPanel } from "./Desk";
import classes from "./Dock.module.css";
import { isPair, isWriting, keysOf, letter, owed, type Draft } from "./judgment";
import { MarkPanel } from "./MarkPanel";
import { PairScale } from "./PairScale";
import { ReasonsPanel } from "./ReasonsPanel";
import { SkipPanel } from "./SkipPanel";
import type { Picked } from "./spans";
import type { SkipWhy } from "./useRanking";

interface Props {
  assignment: Assignment;
  draft: Draft;
  commands: readonly Command[];
  focus: number;
  panel: DockPanel;
  correcting: boolean;
  veiled: boolean;
  askedOrder: boolean;
  comparing: boolean;
  picked: Picked | null;
  onMark: (label: string) => void;
  onUnpick: () => void;
  onPanel: (panel: DockPanel) => void;
  onDraft: (draft: Draft) => void;
  onSkip: (why: SkipWhy) => void;
}

/** What is said, always at the same place: the bottom edge. */
export function Dock(props: Props) {
  const { assignment, draft, commands, focus, panel, correcting, veiled, askedOrder, comparing, picked } = props;
  const named = (id: string) => commands.find((command) => command.id === id);
  const verdict = isPair(assignment) && !isWriting(assignment) ? draft.choice : draft.verdict;
  const submit = named("submit");
  const pair = isPair(assignment);
  // Where there is little room, what stands beside the ranking unfolds.
  const [more, setMore] = useState(false);
  const hint = veiled
    ? ""
    : askedOrder
    ? t`This is the order they were shown in. Submit again if you mean it.`
    : missing(assignment, draft);
  return (
    <section className={classes.dock} aria-label={t`Your judgment`}>
      <div className={classes.inner}>
        {panel === "skip" ? <SkipPanel assignment={assignment} onSkip={props.onSkip} onClose={() => props.onPanel(null)} /> : null}
        {panel === "comment" ? (
          <ReasonsPanel assignment={assignment} draft={draft} onChange={props.onDraft} onClose={() => props.onPanel(null)} />
        ) : null}
        {picked ? (
          <MarkPanel picked={picked} labels={assignment.protocol.spans} onMark={props.onMark} onClose={props.onUnpick} />
        ) : null}
        {veiled || isWriting(assignment) ? null : isPair(assignment) ? (
          <PairScale assignment={assignment} choice={draft.choice} commands={commands} />
        ) : (
          <PlaceRow assignment={assignment} draft={draft} focus={focus} commands={commands} />
        )}
        <div className={classes.row}>
          <div className={classes.before}>
            <CommandButton command={named("both_bad")} text={pair ? t`Both bad` : t`All bad`} pressed={verdict === "both_bad"} />
            <CommandButton command={named("both_good")} text={pair ? t`Both good` : t`All good`} pressed={verdict === "both_good"} />
            <CommandButton command={named("cannot_judge")} text={isWriting(assignment) ? t`Cannot write` : t`Cannot judge`} pressed={verdict === "cannot_judge"} />
            <span className={classes.onlyNarrow}>
              <button
                type="button"
                className={classes.command}
                aria-expanded={more}
                aria-controls="beside"
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => setMore(!more)}
              >
                {more ? t`Less` : t`More`}
              </button>
            </span>
          </div>
          <div className={classes.beside} id="beside" data-open={more}>
            <CommandButton command={named("edit")} text={draft.edit ? `${t`Edit`} ✓` : t`Edit`} />
            <CommandButton command={named("scores")} text={t`Score`} />
            <CommandButton command={named("mark")} text={draft.spans.length ? `${t`Mark`} ✓` : t`Mark`} />
            <CommandButton command={named("diff")} text={t`Diff`} pressed={comparing} />
            <CommandButton command={named("comment")} text={reasonText(assignment, draft)} pressed={panel === "comment"} />
            <CommandButton command={named("skip")} pressed={panel === "skip"} />
            <span className={classes.onlyNarrow}>
              <CommandButton command={named("pause")} />
            </span>
          </div>
          <p className={classes.hint}>{hint}</p>
          <div className={classes.after}>
            <CommandButton command={named(correcting ? "leave_correction" : "undo")} text={correcting ? t`Leave` : t`Undo`} />
            {submit ? (
              <button
                type="button"
                className={classes.submit}
                disabled={!submit.enabled}
                onMouseDown={(event) => event.preventDefault()}
                onClick={submit.perform}
              >
                {correcting ? t`Replace` : t`Submit`} <Key name={submit.keys[0] ?? "Enter"} />
              </button>
            ) : null}
          </div>
        </div>
      </div>
    </section>
  );
}

function reasonText(assignment: Assignment, draft: Draft): string {
  const { length } = assignment.protocol.reasons.choices;
  const given = draft.reasons.length > 0 || draft.comment.trim() !== "";
  const name = length && !isWriting(assignment) ? t`Reason` : t`Comment`;
  return given ? `${name} ✓` : name;
}

function missing(assignment: Assignment, draft: Draft): string {
  const left = owed(draft, assignment);
  if (left?.what) return left.what;
  return isWriting(assignment) ? "" : unplaced(assignment, draft);
}

function unplaced(assignment: Assignment, draft: Draft): string {
  if (isPair(assignment) || draft.verdict !== "none") return "";
  const left = keysOf(assignment)
    .map((key, index) => ({ key, name: letter(index) }))
    .filter(({ key }) => draft.places[key] === undefined);
  if (left.length === 0) return "";
  return left.length === assignment.responses.length ? "" : t`Still to place: ${left.map(({ name }) => name).join(", ")}`;
}

interface PlaceRowProps {
  assignment: Assignment;
  draft: Draft;
  focus: number;
  commands: readonly Command[];
}

/** The places for the response that has the focus. */
function PlaceRow({ assignment, draft, focus, commands }: PlaceRowProps) {
  const places = commands.filter((command) => command.id.startsWith("place:"));
  const at = draft.places[keysOf(assignment)[focus] ?? ""];
  return (
    <div className={classes.places} role="group" aria-label={t`Place of response ${letter(focus)}`}>
      <span className={classes.placesLabel}>
        <Trans><b>{letter(focus)}</b> goes to</Trans>
      </span>
      {places.map((command, index) => (
        <button
          key={command.id}
          type="button"
          className={classes.place}
          aria-label={command.label}
          aria-pressed={at === index + 1}
          onMouseDown={(event) => event.preventDefault()}
          onClick={command.perform}
        >
          {index + 1}
        </button>
      ))}
      <span className={classes.placesEnd}><Trans>best first, equal places tie</Trans></span>
    </div>
  );
}
