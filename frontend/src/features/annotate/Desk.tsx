import { useEffect, useEffectEvent, useState, type Dispatch, type SetStateAction } from "react";

import type { Assignment, Project } from "@/api/types";
import { Note } from "@/components/States";
import { setPreference, usePreferences } from "@/lib/preferences";
import { useCommands } from "@/lib/useCommands";

import { deskCommands } from "./commands";
import classes from "./Desk.module.css";
import { Dock } from "./Dock";
import { GuidelinesPane } from "./GuidelinesPane";
import { inWords, isPair, keysOf, letter, repeatsShownOrder, toSaid, type Draft, type PairChoice } from "./judgment";
import { Places } from "./Places";
import { PromptPane } from "./PromptPane";
import { Responses } from "./Responses";
import type { Ranking } from "./useRanking";

export type DockPanel = "skip" | "comment" | null;

interface Props {
  project: Project;
  ranking: Ranking;
  assignment: Assignment;
  announce: Dispatch<SetStateAction<string>>;
}

/** One task: what is read, and what is said about it. Mounted anew for each task. */
export function Desk({ project, ranking, assignment, announce }: Props) {
  const { draft, session } = ranking;
  const { autoSubmit, markdown } = usePreferences();
  const [focus, setFocus] = useState(0);
  const [panel, setPanel] = useState<DockPanel>(null);
  const [wholePrompt, setWholePrompt] = useState(false);
  const [guidelines, setGuidelines] = useState(false);
  const [askedOrder, setAskedOrder] = useState(false);
  const pair = isPair(assignment);
  const correcting = session.correcting !== null;
  const lost = session.lost.includes(assignment.id) && !correcting;

  const change = (next: Draft) => {
    setAskedOrder(false);
    ranking.setDraft(next);
    if (!pair) announce(placesInWords(next, assignment));
  };

  const submit = (final: Draft) => {
    const said = toSaid(final, assignment);
    if (!said) return;
    if (repeatsShownOrder(said, assignment) && !askedOrder) {
      setAskedOrder(true);
      announce("This is the order they were shown in. Press Enter again if you mean it.");
      return;
    }
    if (ranking.submit(final)) announce(correcting ? "Correction kept." : "Kept.");
  };

  const choose = (choice: PairChoice, settled: boolean) => {
    const next = { ...draft, choice };
    change(next);
    if (settled && autoSubmit && !correcting) submit(next);
    else announce(`${inWords(choice, assignment.protocol.strength)}. Press Enter to submit.`);
  };

  const toggle = (what: "skip" | "comment" | "guidelines" | "prompt" | "plain") => {
    if (what === "guidelines") setGuidelines((shown) => !shown);
    else if (what === "prompt") setWholePrompt((shown) => !shown);
    else if (what === "plain") setPreference("markdown", !markdown);
    else setPanel((shown) => (shown === what ? null : what));
  };

  const commands = deskCommands({
    assignment,
    draft,
    focus,
    correcting,
    canSubmit: toSaid(draft, assignment) !== null,
    canUndo: ranking.canUndo,
    hasGuidelines: project.guidelines !== null,
    choose,
    change,
    setFocus: (index) => {
      setFocus(index);
      if (!pair) announce(focusInWords(draft, assignment, index));
    },
    submit: () => submit(draft),
    undo: ranking.undo,
    leaveCorrection: ranking.leaveCorrection,
    toggle,
  });
  useCommands(commands);

  const begin = useEffectEvent(() => {
    window.scrollTo({ top: 0, behavior: "instant" });
    const opening = correcting
      ? "An earlier judgment is open again."
      : `Next task: ${assignment.responses.length} responses to rank.`;
    // What was just done is still worth hearing.
    announce((said) => (ENDINGS.has(said) ? `${said} ${opening}` : opening));
  });
  useEffect(() => begin(), []);

  return (
    <>
      <div className={classes.reading}>
        {correcting ? (
          <Note>
            You are correcting an earlier judgment. Submit replaces it; Esc leaves it as it was.
          </Note>
        ) : null}
        {lost ? (
          <Note>
            Your hold on this task ran out while you were away. You can still judge it: it is kept beside the queue.{" "}
            <button type="button" className={classes.inlineButton} onClick={ranking.dropCurrent}>
              Take the next one instead
            </button>
          </Note>
        ) : null}
        {guidelines && project.guidelines ? (
          <GuidelinesPane guidelines={project.guidelines} onClose={() => setGuidelines(false)} />
        ) : null}
        <PromptPane messages={assignment.prompt.messages} whole={wholePrompt} onToggle={() => toggle("prompt")} />
        <div className={pair ? classes.pair : classes.order}>
          <Responses assignment={assignment} draft={draft} focus={focus} onFocus={setFocus} />
          {pair ? null : (
            <Places assignment={assignment} draft={draft} focus={focus} onFocus={setFocus} onChange={change} />
          )}
        </div>
      </div>
      <Dock
        assignment={assignment}
        draft={draft}
        commands={commands}
        focus={focus}
        panel={panel}
        correcting={correcting}
        askedOrder={askedOrder}
        onPanel={setPanel}
        onComment={(comment) => ranking.setDraft({ ...draft, comment })}
        onSkip={(reason) => {
          ranking.skip(reason);
          announce("Skipped.");
        }}
      />
    </>
  );
}

const ENDINGS: ReadonlySet<string> = new Set(["Kept.", "Correction kept.", "Skipped."]);

function placesInWords(draft: Draft, assignment: Assignment): string {
  if (draft.verdict !== "none") return draft.verdict === "both_bad" ? "All are bad." : "All are good.";
  const keys = keysOf(assignment);
  const left = keys.filter((key) => draft.places[key] === undefined).length;
  const placed = keys
    .map((key, index) => [letter(index), draft.places[key]] as const)
    .filter((entry): entry is readonly [string, number] => entry[1] !== undefined)
    .map(([name, at]) => `${name} in place ${at}`);
  return `${placed.join(", ")}. ${left === 0 ? "Press Enter to submit." : `${left} left to place.`}`;
}

function focusInWords(draft: Draft, assignment: Assignment, index: number): string {
  const at = draft.places[keysOf(assignment)[index] ?? ""];
  return `Response ${letter(index)}, ${at === undefined ? "not placed" : `in place ${at}`}.`;
}
